import { z } from "zod";
import { badRequest, strict, unprocessable } from "./ghl-answer.ts";
import { fullName, withoutNull } from "./ghl-contact-view.ts";
import { noSuch } from "./ghl-contacts.ts";
import { type GhlOpportunity, nextGhlId } from "./ghl-state.ts";
import { type Answer, created, ok, type Route, type TwinRequest } from "./route.ts";
import { iso, traceId, type World } from "./world.ts";

const status = z.enum(["open", "won", "lost", "abandoned"]);
const customFields = z
  .array(z.strictObject({ id: z.string().optional(), key: z.string().optional(), field_value: z.unknown().optional() }))
  .optional();

const updateBody = z.strictObject({
  pipelineId: z.string().optional(),
  name: z.string().optional(),
  pipelineStageId: z.string().optional(),
  status: status.optional(),
  monetaryValue: z.number().optional(),
  assignedTo: z.string().optional(),
  customFields,
});

const createBody = updateBody.extend({
  pipelineId: z.string(),
  locationId: z.string(),
  name: z.string(),
  status,
  contactId: z.string(),
});

const statusBody = z.strictObject({ status, lostReasonId: z.string().optional() });

/** Pipelines and opportunities (facts/ghl.md §3.4). */
export function ghlOpportunityRoutes(world: World): Route[] {
  const vendor = "ghl";
  return [
    {
      vendor,
      operation: "opportunities.pipelines",
      method: "GET",
      path: "/opportunities/pipelines",
      handle: () =>
        ok({
          pipelines: world.state.ghl.pipelines.map((one) => ({
            ...one,
            showInFunnel: true,
            showInPieChart: true,
            locationId: world.credentials.ghlLocationId,
          })),
          traceId: traceId(),
        }),
    },
    {
      vendor,
      operation: "opportunities.search",
      method: "GET",
      path: "/opportunities/search",
      handle: ({ query }) => search(world, query),
    },
    {
      vendor,
      operation: "opportunities.get",
      method: "GET",
      path: "/opportunities/:id",
      handle: (r) => withOne(world, r, (one) => ok({ opportunity: opportunityView(world, one), traceId: traceId() })),
    },
    {
      vendor,
      operation: "opportunities.update",
      method: "PUT",
      path: "/opportunities/:id",
      handle: (r) => withOne(world, r, (one) => update(world, one, r.body)),
    },
    {
      vendor,
      operation: "opportunities.status",
      method: "PUT",
      path: "/opportunities/:id/status",
      handle: (r) => withOne(world, r, (one) => setStatus(world, one, r.body)),
    },
    {
      vendor,
      operation: "opportunities.create",
      method: "POST",
      path: "/opportunities/",
      handle: ({ body }) => create(world, body),
    },
  ];
}

function withOne(world: World, { params }: TwinRequest, then: (one: GhlOpportunity) => Answer): Answer {
  const id = params.id ?? "";
  const one = world.state.ghl.opportunities.get(id);
  return one === undefined ? noSuch("Opportunity", id) : then(one);
}

export function opportunityView(world: World, one: GhlOpportunity): Record<string, unknown> {
  const contact = world.state.ghl.contacts.get(one.contactId);
  const { createdAt, updatedAt, lastStageChangeAt, lastStatusChangeAt, ...rest } = one;
  return withoutNull({
    ...rest,
    locationId: world.credentials.ghlLocationId,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    lastStageChangeAt: iso(lastStageChangeAt),
    lastStatusChangeAt: iso(lastStatusChangeAt),
    contact: contact && {
      id: contact.id,
      name: fullName(contact),
      companyName: contact.companyName ?? "",
      email: contact.email ?? "",
      phone: contact.phone ?? "",
      tags: contact.tags,
    },
  });
}

/** Query names are snake_case here, unlike everywhere else. */
function search(world: World, query: Record<string, string>): Answer {
  if (query.location_id === undefined) return unprocessable(["location_id must be a string"]);
  const hits = [...world.state.ghl.opportunities.values()].filter(
    (one) =>
      (query.contact_id === undefined || one.contactId === query.contact_id) &&
      (query.pipeline_id === undefined || one.pipelineId === query.pipeline_id) &&
      (query.pipeline_stage_id === undefined || one.pipelineStageId === query.pipeline_stage_id) &&
      (query.assigned_to === undefined || one.assignedTo === query.assigned_to) &&
      (query.id === undefined || one.id === query.id) &&
      (query.q === undefined || one.name.toLowerCase().includes(query.q.toLowerCase())) &&
      (query.status === undefined || query.status === "all" || one.status === query.status),
  );
  const limit = Math.min(100, Number(query.limit ?? 20));
  const page = Number(query.page ?? 1);
  const rows = hits.slice((page - 1) * limit, page * limit);
  const last = rows.at(-1);
  return ok({
    opportunities: rows.map((one) => opportunityView(world, one)),
    meta: withoutNull({
      total: hits.length,
      currentPage: page,
      nextPage: page * limit < hits.length ? page + 1 : null,
      prevPage: page > 1 ? page - 1 : null,
      startAfter: last?.createdAt.getTime(),
      startAfterId: last?.id,
    }),
    aggregations: {},
    traceId: traceId(),
  });
}

/** One open opportunity per contact and pipeline (facts/ghl.md §3.4). */
function create(world: World, body: unknown): Answer {
  const read = strict(createBody, body);
  if ("refusal" in read) return read.refusal;
  const { input } = read;
  const { opportunities, contacts, pipelines } = world.state.ghl;
  const pipeline = pipelines.find(({ id }) => id === input.pipelineId);
  if (!contacts.has(input.contactId)) return badRequest(`Contact with id ${input.contactId} not found`);
  if (pipeline === undefined) return badRequest("The pipeline id is invalid.");
  const open = [...opportunities.values()].some(
    (one) => one.contactId === input.contactId && one.pipelineId === input.pipelineId && one.status === "open",
  );
  if (open)
    return badRequest("Can not create duplicate opportunity for the contact.", { code: "OPPORTUNITY_NO_DUPLICATE" });
  const now = world.now();
  const one: GhlOpportunity = {
    id: nextGhlId(world.state.ghl, "Opport"),
    name: input.name,
    monetaryValue: input.monetaryValue ?? 0,
    pipelineId: input.pipelineId,
    pipelineStageId: input.pipelineStageId ?? pipeline.stages[0]?.id ?? "",
    status: input.status,
    assignedTo: input.assignedTo ?? null,
    contactId: input.contactId,
    source: null,
    lostReasonId: null,
    customFields: [],
    createdAt: now,
    updatedAt: now,
    lastStageChangeAt: now,
    lastStatusChangeAt: now,
  };
  opportunities.set(one.id, one);
  world.changed({ kind: "ghl-opportunity", action: "create", opportunityId: one.id });
  return created({ opportunity: opportunityView(world, one), traceId: traceId() });
}

function update(world: World, one: GhlOpportunity, body: unknown): Answer {
  const read = strict(updateBody, body);
  if ("refusal" in read) return read.refusal;
  const { customFields: _, ...input } = read.input;
  const stages = world.state.ghl.pipelines.flatMap(({ stages: all }) => all);
  if (input.pipelineStageId !== undefined && !stages.some(({ id }) => id === input.pipelineStageId)) {
    return badRequest("The pipeline stage id is invalid.");
  }
  applyChange(world, one, input);
  return ok({ opportunity: opportunityView(world, one), traceId: traceId() });
}

function setStatus(world: World, one: GhlOpportunity, body: unknown): Answer {
  const read = strict(statusBody, body);
  if ("refusal" in read) return read.refusal;
  one.lostReasonId = read.input.lostReasonId ?? null;
  applyChange(world, one, { status: read.input.status });
  return ok({ succeded: true, traceId: traceId() });
}

/** A change of stage and of status are told apart; both move `updatedAt`. */
function applyChange(world: World, one: GhlOpportunity, input: Omit<z.infer<typeof updateBody>, "customFields">): void {
  const now = world.now();
  const stage = input.pipelineStageId !== undefined && input.pipelineStageId !== one.pipelineStageId;
  const statusChanged = input.status !== undefined && input.status !== one.status;
  Object.assign(one, input, { updatedAt: now });
  if (stage) one.lastStageChangeAt = now;
  if (statusChanged) one.lastStatusChangeAt = now;
  if (stage) world.changed({ kind: "ghl-opportunity", action: "stage", opportunityId: one.id });
  if (statusChanged) world.changed({ kind: "ghl-opportunity", action: "status", opportunityId: one.id });
}
