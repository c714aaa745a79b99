import {
  companyTime,
  done,
  envelope,
  escaped,
  invalid,
  madeNew,
  notFound,
  page,
  phoneNumber,
} from "./cloudtalk-answer.ts";
import { jsonName } from "./cloudtalk-calls.ts";
import { applyContactInput, isProblems, readContactInput } from "./cloudtalk-contact-input.ts";
import { type CloudTalkContact, nextCloudTalkId, tagId } from "./cloudtalk-state.ts";
import { type Answer, asRecord, type Route } from "./route.ts";
import { after, type World } from "./world.ts";

/** Contacts of the core API (facts/cloudtalk.md §1.6). */
export function cloudtalkContactRoutes(world: World): Route[] {
  const vendor = "cloudtalk";
  return [
    {
      vendor,
      operation: "contacts.index",
      method: "GET",
      path: "/contacts/index.json",
      handle: ({ query }) => page(found(world, query), query, listRow),
    },
    {
      vendor,
      operation: "contacts.attributes",
      method: "GET",
      path: "/contacts/attributes.json",
      handle: () =>
        envelope(
          200,
          world.state.cloudtalk.attributes.map((attribute) => ({ ContactAttribute: attribute })),
        ),
    },
    {
      vendor,
      operation: "contacts.show",
      method: "GET",
      path: "/contacts/show/:file",
      handle: ({ params }) => showContact(world, jsonName(params.file)),
    },
    {
      vendor,
      operation: "contacts.add",
      method: "PUT",
      path: "/contacts/add.json",
      handle: ({ body }) => addContact(world, body),
    },
    {
      vendor,
      operation: "contacts.edit",
      method: "POST",
      path: "/contacts/edit/:file",
      handle: ({ params, body }) => editContact(world, jsonName(params.file), body),
    },
    {
      vendor,
      operation: "contacts.delete",
      method: "DELETE",
      path: "/contacts/delete/:file",
      handle: ({ params }) => deleteContact(world, jsonName(params.file)),
    },
    {
      vendor,
      operation: "contacts.addTags",
      method: "PUT",
      path: "/contacts/addTags/:file",
      handle: ({ params, body }) => changeTags(world, jsonName(params.file), body, "add"),
    },
    {
      vendor,
      operation: "contacts.removeTags",
      method: "DELETE",
      path: "/contacts/removeTags/:file",
      handle: ({ params, body }) => changeTags(world, jsonName(params.file), body, "remove"),
    },
  ];
}

/**
 * `keyword` matches phone, e-mail and name fuzzily: a number that merely ends alike is a hit too, and any of the
 * contact's numbers counts although the row shows only the first. Contacts newer than `searchLagMs` are not seen yet.
 */
function found(world: World, query: Record<string, string>): CloudTalkContact[] {
  const { contacts, tags } = world.state.cloudtalk;
  const tagName = [...tags].find(([, id]) => id === query.tag_id)?.[0];
  const keyword = (query.keyword ?? "").toLowerCase();
  const digits = keyword.replace(/\D/g, "");
  const alike = (number: string): boolean =>
    digits.length >= 7 && (number.includes(digits) || number.endsWith(digits.slice(-7)));
  const hit = (contact: CloudTalkContact): boolean =>
    keyword === "" ||
    contact.name.toLowerCase().includes(keyword) ||
    contact.emails.some((email) => email.toLowerCase().includes(keyword)) ||
    contact.numbers.some(alike);
  return [...contacts.values()].filter(
    (contact) =>
      hit(contact) &&
      (query.tag_id === undefined || (tagName !== undefined && contact.tags.includes(tagName))) &&
      (query.country_id === undefined || contact.countryId === query.country_id) &&
      (query.industry === undefined || contact.details.industry === query.industry) &&
      after(contact.createdAt, world.settings.searchLagMs) <= world.now(),
  );
}

const listRow = (contact: CloudTalkContact): unknown => ({
  Contact: { id: contact.id, name: escaped(contact.name), company: contact.details.company ?? null },
  ContactNumber: { public_number: phoneNumber(contact.numbers[0] ?? null) },
  ContactEmail: { email: contact.emails[0] ?? null },
});

/** The shape of a real answer, which differs from the document: `Tag` instead of `ContactsTag`, null for no links. */
function showContact(world: World, id: string): Answer {
  const contact = world.state.cloudtalk.contacts.get(id);
  if (contact === undefined) return notFound();
  const titles = new Map(world.state.cloudtalk.attributes.map(({ id: attributeId, title }) => [attributeId, title]));
  const details = Object.fromEntries(
    Object.entries(contact.details).map(([key, value]) => [key, value === null ? null : escaped(value)]),
  );
  return envelope(200, {
    Contact: {
      id,
      name: escaped(contact.name),
      ...details,
      country_id: contact.countryId,
      favorite_agent: contact.favoriteAgent,
      created: companyTime(contact.createdAt),
      modified: companyTime(contact.modifiedAt),
    },
    ContactEmail: contact.emails.map((email) => ({ email, contact_id: id })),
    ContactNumber: contact.numbers.map((public_number) => ({ public_number, contact_id: id })),
    Tag: contact.tags.map((name) => ({ name: escaped(name) })),
    ExternalUrl: contact.externalUrls.length === 0 ? null : contact.externalUrls,
    ContactAttribute: contact.attributes.map(({ attributeId, value }) => ({
      attribute_id: attributeId,
      title: titles.get(attributeId) ?? "",
      value: escaped(value),
    })),
  });
}

/** No de-duplication: the same person added twice is two contacts (facts/cloudtalk.md §1.6). */
export function addContact(world: World, body: unknown): Answer {
  const input = readContactInput(body, "name required");
  if (isProblems(input)) return invalid(input);
  const contact = emptyContact(nextCloudTalkId(world.state.cloudtalk, "contact"), world.now());
  applyContactInput(world, contact, input);
  world.state.cloudtalk.contacts.set(contact.id, contact);
  world.changed({ kind: "cloudtalk-contact", action: "create", contactId: contact.id });
  return madeNew(contact.id);
}

export const emptyContact = (id: string, at: Date): CloudTalkContact => ({
  id,
  name: "",
  details: {
    title: null,
    company: null,
    industry: null,
    website: null,
    address: null,
    city: null,
    zip: null,
    state: null,
  },
  countryId: null,
  favoriteAgent: null,
  numbers: [],
  emails: [],
  tags: [],
  externalUrls: [],
  attributes: [],
  createdAt: at,
  modifiedAt: at,
});

export function editContact(world: World, id: string, body: unknown): Answer {
  const contact = world.state.cloudtalk.contacts.get(id);
  if (contact === undefined) return notFound();
  const input = readContactInput(body, "all optional");
  if (isProblems(input)) return invalid(input);
  applyContactInput(world, contact, input);
  world.changed({ kind: "cloudtalk-contact", action: "update", contactId: id });
  return done();
}

export function deleteContact(world: World, id: string): Answer {
  if (!world.state.cloudtalk.contacts.delete(id)) return notFound();
  world.changed({ kind: "cloudtalk-contact", action: "delete", contactId: id });
  return done();
}

function changeTags(world: World, id: string, body: unknown, action: "add" | "remove"): Answer {
  const { cloudtalk } = world.state;
  const contact = cloudtalk.contacts.get(id);
  if (contact === undefined) return notFound();
  const { tags } = asRecord(body);
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string" && tag !== "")) {
    return envelope(406, { status: 406, message: "Invalid input data." });
  }
  const names = tags.map(String);
  contact.tags =
    action === "add" ? [...new Set([...contact.tags, ...names])] : contact.tags.filter((name) => !names.includes(name));
  contact.modifiedAt = world.now();
  world.changed({ kind: "cloudtalk-contact", action: "update", contactId: id });
  return envelope(200, {
    status: 200,
    message: action === "add" ? "Tags were sucessfully added." : "Tags were successfully removed.",
    data: { tags: names.map((name) => ({ id: tagId(cloudtalk, name), name })), contact_id: id },
  });
}
