import { z } from "zod";
import { badRequest, missing, strict, unprocessable } from "./ghl-answer.ts";
import {
  applyInput,
  type ContactInput,
  createBody,
  e164,
  lowered,
  updateBody,
  upsertBody,
} from "./ghl-contact-input.ts";
import { contactView } from "./ghl-contact-view.ts";
import { type GhlContact, nextGhlId } from "./ghl-state.ts";
import { type Answer, created, ok, type Route, type TwinRequest } from "./route.ts";
import { traceId, type World } from "./world.ts";

/** Contacts and their tags (facts/ghl.md §3.1, version 2021-07-28). */
export function ghlContactRoutes(world: World): Route[] {
  const vendor = "ghl";
  return [
    { vendor, operation: "contacts.upsert", method: "POST", path: "/contacts/upsert", handle: (r) => upsert(world, r) },
    { vendor, operation: "contacts.create", method: "POST", path: "/contacts/", handle: (r) => create(world, r) },
    {
      vendor,
      operation: "contacts.duplicate",
      method: "GET",
      path: "/contacts/search/duplicate",
      handle: ({ query }) => duplicate(world, query),
    },
    {
      vendor,
      operation: "contacts.get",
      method: "GET",
      path: "/contacts/:contactId",
      handle: (request) =>
        withContact(world, request, (contact) => ok({ contact: contactView(world, contact), traceId: traceId() })),
    },
    {
      vendor,
      operation: "contacts.update",
      method: "PUT",
      path: "/contacts/:contactId",
      handle: (request) => withContact(world, request, (contact) => update(world, contact, request.body)),
    },
    {
      vendor,
      operation: "contacts.delete",
      method: "DELETE",
      path: "/contacts/:contactId",
      handle: (request) => withContact(world, request, (contact) => remove(world, contact)),
    },
    {
      vendor,
      operation: "contacts.addTags",
      method: "POST",
      path: "/contacts/:contactId/tags",
      handle: (request) => withContact(world, request, (contact) => changeTags(world, contact, request.body, "add")),
    },
    {
      vendor,
      operation: "contacts.removeTags",
      method: "DELETE",
      path: "/contacts/:contactId/tags",
      handle: (request) => withContact(world, request, (contact) => changeTags(world, contact, request.body, "remove")),
    },
  ];
}

/** The v2 API routes any unknown word as an id, and a wrong id is a 400, not a 404 (facts/ghl.md §3.1). */
export function withContact(world: World, { params }: TwinRequest, then: (contact: GhlContact) => Answer): Answer {
  const id = params.contactId ?? "";
  const contact = world.state.ghl.contacts.get(id);
  return contact === undefined ? badRequest(`Contact with id ${id} not found`) : then(contact);
}

/** Tells the search index, which will show it `searchLagMs` later. */
function index(world: World, contact: GhlContact, gone = false): void {
  const { indexed } = world.state.ghl;
  const history = indexed.get(contact.id) ?? [];
  history.push({ at: world.now(), contact: gone ? null : structuredClone(contact) });
  indexed.set(contact.id, history.slice(-20));
}

export function emptyGhlContact(id: string, at: Date): GhlContact {
  return {
    id,
    firstName: null,
    lastName: null,
    email: null,
    phone: null,
    companyName: null,
    additionalPhones: [],
    additionalEmails: [],
    details: {},
    dnd: false,
    dndSettings: {},
    assignedTo: null,
    type: "lead",
    tags: [],
    customFields: [],
    dateAdded: at,
    dateUpdated: at,
  };
}

function store(world: World, input: ContactInput): GhlContact {
  const contact = emptyGhlContact(nextGhlId(world.state.ghl, "Contact"), world.now());
  applyInput(world.state.ghl, contact, input);
  world.state.ghl.contacts.set(contact.id, contact);
  for (const name of contact.tags) locationTag(world, name);
  index(world, contact);
  return contact;
}

/** The contact that the location's rule calls the same person, by the first configured field that finds one. */
function sameContact(world: World, input: ContactInput): { contact: GhlContact; field: "email" | "phone" } | undefined {
  for (const field of world.settings.dedupOrder) {
    const contact = field === "email" ? byEmail(world, input.email ?? null) : byPhone(world, e164(input.phone ?? null));
    if (contact !== undefined) return { contact, field };
  }
  return undefined;
}

const byEmail = (world: World, email: string | null): GhlContact | undefined =>
  email === null || email === ""
    ? undefined
    : [...world.state.ghl.contacts.values()].find((one) => one.email?.toLowerCase() === email.toLowerCase());

const byPhone = (world: World, phone: string | null): GhlContact | undefined =>
  phone === null ? undefined : [...world.state.ghl.contacts.values()].find((one) => one.phone === phone);

function create(world: World, { body }: TwinRequest): Answer {
  const read = strict(createBody, body);
  if ("refusal" in read) return read.refusal;
  const same = world.settings.allowDuplicateContacts ? undefined : sameContact(world, read.input);
  if (same !== undefined) return duplicated(same.contact, same.field);
  const contact = store(world, read.input);
  world.changed({ kind: "ghl-contact", action: "create", contactId: contact.id });
  return created({ contact: contactView(world, contact), traceId: traceId() });
}

const duplicated = (contact: GhlContact, matchingField: string): Answer =>
  badRequest("This location does not allow duplicated contacts.", {
    meta: { contactId: contact.id, matchingField, contactName: contact.firstName ?? "" },
  });

/** Two contacts matching by e-mail and by phone: the first configured field wins, the other identifier is dropped. */
function upsert(world: World, { body }: TwinRequest): Answer {
  const read = strict(upsertBody, body);
  if ("refusal" in read) return read.refusal;
  const { createNewIfDuplicateAllowed, ...input } = read.input;
  const anew = world.settings.allowDuplicateContacts && createNewIfDuplicateAllowed === true;
  const same = anew ? undefined : sameContact(world, input);
  if (same === undefined) {
    const contact = store(world, input);
    world.changed({ kind: "ghl-contact", action: "create", contactId: contact.id });
    return ok({ new: true, contact: contactView(world, contact), traceId: traceId() });
  }
  const { contact, field } = same;
  const other = field === "email" ? byPhone(world, e164(input.phone ?? null)) : byEmail(world, input.email ?? null);
  if (other !== undefined && other.id !== contact.id) delete input[field === "email" ? "phone" : "email"];
  save(world, contact, input);
  return ok({ new: false, contact: contactView(world, contact), traceId: traceId() });
}

function update(world: World, contact: GhlContact, body: unknown): Answer {
  const read = strict(updateBody, body);
  if ("refusal" in read) return read.refusal;
  const taken = world.settings.allowDuplicateContacts ? undefined : byPhone(world, e164(read.input.phone ?? null));
  if (taken !== undefined && taken.id !== contact.id) return duplicated(taken, "phone");
  save(world, contact, read.input);
  return ok({ succeded: true, contact: contactView(world, contact), traceId: traceId() });
}

/** Tags that an update overwrote are reported like any other change of them. */
export function save(world: World, contact: GhlContact, input: ContactInput): void {
  const tags = contact.tags.join();
  applyInput(world.state.ghl, contact, input);
  touch(world, contact);
  for (const name of contact.tags) locationTag(world, name);
  world.changed({ kind: "ghl-contact", action: "update", contactId: contact.id });
  if (contact.tags.join() !== tags) world.changed({ kind: "ghl-contact", action: "tags", contactId: contact.id });
}

function touch(world: World, contact: GhlContact): void {
  contact.dateUpdated = world.now();
  index(world, contact);
}

export function remove(world: World, contact: GhlContact): Answer {
  world.changed({ kind: "ghl-contact", action: "delete", contactId: contact.id });
  world.state.ghl.contacts.delete(contact.id);
  index(world, contact, true);
  return ok({ succeded: true, traceId: traceId() });
}

/** Not lagging: it reads the records, not the index. If duplicates are allowed, e-mail is looked at first. */
function duplicate(world: World, query: Record<string, string>): Answer {
  if (query.locationId === undefined) return unprocessable(["locationId must be a string"]);
  const contact = byEmail(world, query.email ?? null) ?? byPhone(world, e164(query.number ?? null));
  return ok({ contact: contact === undefined ? null : contactView(world, contact), traceId: traceId() });
}

const tagsBody = z.strictObject({ tags: z.array(z.string()) });

/** Answers the full list after the change. Adding what is there is no change and fires nothing. */
function changeTags(world: World, contact: GhlContact, body: unknown, action: "add" | "remove"): Answer {
  const read = strict(tagsBody, body);
  if ("refusal" in read) return read.refusal;
  const before = contact.tags.join();
  const names = lowered(read.input.tags);
  contact.tags =
    action === "add" ? [...new Set([...contact.tags, ...names])] : contact.tags.filter((tag) => !names.includes(tag));
  if (contact.tags.join() !== before) {
    touch(world, contact);
    world.changed({ kind: "ghl-contact", action: "tags", contactId: contact.id });
  }
  for (const name of contact.tags) locationTag(world, name);
  return { status: action === "add" ? 201 : 200, body: { tags: contact.tags, traceId: traceId() } };
}

/** A tag put on a contact exists in the location from then on. */
export function locationTag(world: World, name: string): string {
  const { locationTags } = world.state.ghl;
  const known = locationTags.get(name);
  if (known !== undefined) return known;
  const id = nextGhlId(world.state.ghl, "Tag");
  locationTags.set(name, id);
  return id;
}

export const noSuch = (what: string, id: string): Answer => missing(`${what} with id ${id} not found`);
