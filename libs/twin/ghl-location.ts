import { z } from "zod";
import { badRequest, strict, unprocessable } from "./ghl-answer.ts";
import { locationTag } from "./ghl-contacts.ts";
import { type GhlCustomField, nextGhlId } from "./ghl-state.ts";
import { type Answer, created, ok, type Route } from "./route.ts";
import { traceId, type World } from "./world.ts";

const fieldBody = z.strictObject({
  name: z.string().min(1),
  dataType: z.string().min(1),
  placeholder: z.string().optional(),
  acceptedFormat: z.array(z.string()).optional(),
  isMultipleFile: z.boolean().optional(),
  maxNumberOfFiles: z.number().optional(),
  textBoxListOptions: z.array(z.unknown()).optional(),
  options: z.array(z.string()).optional(),
  position: z.number().optional(),
  model: z.enum(["contact", "opportunity"]).optional(),
});

/** The location, its custom fields and its tags (facts/ghl.md §3.1, §3.2, §3.5). */
export function ghlLocationRoutes(world: World): Route[] {
  const vendor = "ghl";
  return [
    {
      vendor,
      operation: "locations.get",
      method: "GET",
      path: "/locations/:locationId",
      handle: () => location(world),
    },
    {
      vendor,
      operation: "customFields.list",
      method: "GET",
      path: "/locations/:locationId/customFields",
      handle: ({ query }) => fields(world, query.model ?? "contact"),
    },
    {
      vendor,
      operation: "customFields.create",
      method: "POST",
      path: "/locations/:locationId/customFields",
      handle: ({ body }) => createField(world, body),
    },
    {
      vendor,
      operation: "locationTags.list",
      method: "GET",
      path: "/locations/:locationId/tags",
      handle: () => ok({ tags: [...world.state.ghl.locationTags].map(([name, id]) => tagView(world, name, id)) }),
    },
    {
      vendor,
      operation: "locationTags.create",
      method: "POST",
      path: "/locations/:locationId/tags",
      handle: ({ body }) => createTag(world, body),
    },
  ];
}

const tagView = (world: World, name: string, id: string): unknown => ({
  id,
  name,
  locationId: world.credentials.ghlLocationId,
});

function location(world: World): Answer {
  return ok({
    location: {
      id: world.credentials.ghlLocationId,
      companyId: world.credentials.ghlCompanyId,
      name: "Brightway Internet",
      country: "US",
      timezone: "America/New_York",
      email: "office@brightway.example",
      phone: "+12025550100",
      settings: {
        allowDuplicateContact: world.settings.allowDuplicateContacts,
        allowDuplicateOpportunity: false,
        allowFacebookNameMerge: false,
        disableContactTimezone: false,
      },
    },
    traceId: traceId(),
  });
}

const fieldView = (world: World, field: GhlCustomField): unknown => ({
  ...field,
  locationId: world.credentials.ghlLocationId,
});

function fields(world: World, model: string): Answer {
  const all = [...world.state.ghl.customFields.values()];
  return ok({
    customFields: all
      .filter((field) => model === "all" || field.model === model)
      .map((field) => fieldView(world, field)),
    traceId: traceId(),
  });
}

function createField(world: World, body: unknown): Answer {
  const read = strict(fieldBody, body);
  if ("refusal" in read) return read.refusal;
  const { name, dataType, placeholder = "", position, model = "contact", options = [] } = read.input;
  if (dataType === "TEXTBOX_LIST" && read.input.textBoxListOptions === undefined) {
    return badRequest("textBoxListOptions is required for TEXTBOX_LIST");
  }
  const fieldKey = `${model}.${name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_|_$/g, "")}`;
  const existing = [...world.state.ghl.customFields.values()];
  if (existing.some((field) => field.fieldKey === fieldKey)) return badRequest(`fieldKey ${fieldKey} already exists`);
  const field: GhlCustomField = {
    id: nextGhlId(world.state.ghl, "Field"),
    name,
    fieldKey,
    dataType,
    placeholder,
    position: position ?? existing.length * 50,
    model,
    picklistOptions: options,
  };
  world.state.ghl.customFields.set(field.id, field);
  return created({ customField: fieldView(world, field), traceId: traceId() });
}

function createTag(world: World, body: unknown): Answer {
  const read = strict(z.strictObject({ name: z.string().min(1) }), body);
  if ("refusal" in read) return read.refusal;
  const name = read.input.name.toLowerCase();
  if (world.state.ghl.locationTags.has(name)) return unprocessable(["The tag name is already exist."]);
  return ok({ tag: tagView(world, name, locationTag(world, name)), traceId: traceId() });
}
