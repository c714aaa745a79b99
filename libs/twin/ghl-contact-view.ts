import type { GhlContact } from "./ghl-state.ts";
import { iso, type World } from "./world.ts";

export const fullName = (contact: GhlContact): string =>
  [contact.firstName, contact.lastName].filter((part) => part !== null && part !== "").join(" ");

/** A contact as `GET /contacts/{id}` shows it; empty values are left out, custom fields carry ids but no keys (#177). */
export function contactView(world: World, contact: GhlContact): Record<string, unknown> {
  const name = fullName(contact);
  return withoutNull({
    id: contact.id,
    locationId: world.credentials.ghlLocationId,
    name: name === "" ? null : name,
    firstName: contact.firstName,
    lastName: contact.lastName,
    firstNameLowerCase: contact.firstName?.toLowerCase() ?? null,
    lastNameLowerCase: contact.lastName?.toLowerCase() ?? null,
    fullNameLowerCase: name === "" ? null : name.toLowerCase(),
    email: contact.email,
    emailLowerCase: contact.email?.toLowerCase() ?? null,
    phone: contact.phone,
    companyName: contact.companyName,
    additionalPhones: listed(contact.additionalPhones, "phone"),
    additionalEmails: listed(contact.additionalEmails, "email"),
    ...contact.details,
    dnd: contact.dnd,
    dndSettings: Object.keys(contact.dndSettings).length === 0 ? null : contact.dndSettings,
    type: contact.type,
    assignedTo: contact.assignedTo,
    tags: contact.tags,
    customFields: contact.customFields,
    dateAdded: iso(contact.dateAdded),
    dateUpdated: iso(contact.dateUpdated),
  });
}

/** Undocumented: objects in a contact (#289), plain texts in search hits. */
const listed = (values: string[], key: "phone" | "email"): Record<string, string>[] | null =>
  values.length === 0 ? null : values.map((value) => ({ [key]: value }));

/** A search hit: the same with the extra fields that only the index has. */
export const searchHit = (
  world: World,
  contact: GhlContact,
  searchAfter: (string | number)[],
): Record<string, unknown> => ({
  ...contactView(world, contact),
  additionalEmails: contact.additionalEmails,
  additionalPhones: contact.additionalPhones,
  searchAfter,
});

export const withoutNull = (record: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null && value !== undefined));
