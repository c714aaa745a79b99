import { z } from "zod";
import type { GhlContact, GhlState } from "./ghl-state.ts";

const text = z.string().nullable().optional();
const dndChannel = z.strictObject({
  status: z.enum(["active", "inactive", "permanent"]),
  message: z.string().optional(),
  code: z.string().optional(),
});

/** Read as `{id, value}`, written as `{id, field_value}`; v3 renames it `fieldValue` (facts/ghl.md §3.2). */
const customField = z
  .strictObject({
    id: z.string().optional(),
    key: z.string().optional(),
    field_value: z.unknown().optional(),
    fieldValue: z.unknown().optional(),
  })
  .refine(({ id, key }) => id !== undefined || key !== undefined, { path: ["id"] });

const shared = {
  firstName: text,
  lastName: text,
  name: text,
  email: text,
  phone: text,
  address1: text,
  city: text,
  state: text,
  postalCode: text,
  website: text,
  timezone: text,
  dnd: z.boolean().optional(),
  dndSettings: z
    .strictObject({
      Call: dndChannel.optional(),
      Email: dndChannel.optional(),
      SMS: dndChannel.optional(),
      WhatsApp: dndChannel.optional(),
      GMB: dndChannel.optional(),
      FB: dndChannel.optional(),
    })
    .optional(),
  inboundDndSettings: z.strictObject({ all: dndChannel.optional() }).optional(),
  tags: z.array(z.string()).optional(),
  customFields: z.array(customField).optional(),
  source: text,
  dateOfBirth: z.unknown().optional(),
  country: text,
  assignedTo: text,
};

/** Update knows neither locationId nor gender nor companyName: sending one is a 422. */
export const updateBody = z.strictObject(shared);

export const createBody = z.strictObject({
  ...shared,
  locationId: z.string(),
  gender: z.string().optional(),
  companyName: text,
});

export const upsertBody = createBody.extend({ createNewIfDuplicateAllowed: z.boolean().optional() });

/** What a person may change of a contact: more than the API, which knows additional numbers on reading only (#262). */
export const screenBody = createBody
  .omit({ locationId: true, gender: true })
  .extend({ additionalPhones: z.array(z.string()).optional(), additionalEmails: z.array(z.string()).optional() });

export type ContactInput = z.infer<typeof screenBody>;

const detailNames = ["address1", "city", "state", "postalCode", "website", "timezone", "source", "country"] as const;

/** Sets what was sent. `tags` overwrites the list; custom fields are merged by id, unknown ones silently dropped. */
export function applyInput(state: GhlState, contact: GhlContact, input: ContactInput): void {
  if (input.name !== undefined && input.firstName === undefined && input.lastName === undefined) {
    const [first, ...rest] = (input.name ?? "").split(" ");
    contact.firstName = first || null;
    contact.lastName = rest.join(" ") || null;
  }
  if (input.firstName !== undefined) contact.firstName = input.firstName;
  if (input.lastName !== undefined) contact.lastName = input.lastName;
  if (input.email !== undefined) contact.email = input.email || null;
  if (input.phone !== undefined) contact.phone = e164(input.phone);
  if (input.additionalPhones !== undefined) {
    contact.additionalPhones = input.additionalPhones.flatMap((phone) => e164(phone) ?? []);
  }
  if (input.additionalEmails !== undefined) contact.additionalEmails = input.additionalEmails;
  if (input.companyName !== undefined) contact.companyName = input.companyName;
  if (input.assignedTo !== undefined) contact.assignedTo = input.assignedTo;
  if (input.dnd !== undefined) contact.dnd = input.dnd;
  if (input.dndSettings !== undefined) contact.dndSettings = { ...contact.dndSettings, ...input.dndSettings };
  if (input.tags !== undefined) contact.tags = lowered(input.tags);
  for (const name of detailNames) {
    const value = input[name];
    if (value !== undefined) contact.details[name] = value;
  }
  if (input.dateOfBirth !== undefined) contact.details.dateOfBirth = String(input.dateOfBirth ?? "") || null;
  for (const field of input.customFields ?? []) {
    const known =
      state.customFields.get(field.id ?? "") ??
      [...state.customFields.values()].find(
        ({ fieldKey }) => fieldKey === field.key || fieldKey === `contact.${field.key}`,
      );
    if (known === undefined) continue;
    const value = field.field_value ?? field.fieldValue ?? null;
    contact.customFields = contact.customFields.filter(({ id }) => id !== known.id);
    if (value !== null && value !== "") contact.customFields.push({ id: known.id, value });
  }
}

/** Tags are lower-cased on save and kept once (facts/ghl.md §3.1). */
export const lowered = (tags: string[]): string[] => [...new Set(tags.map((tag) => tag.trim().toLowerCase()))];

/** Stored phones are E.164; one without a plus and of ten digits is taken as a number of the location's country, US. */
export function e164(phone: string | null): string | null {
  const digits = (phone ?? "").replace(/\D/g, "");
  if (digits === "") return null;
  return phone?.trim().startsWith("+") ? `+${digits}` : digits.length === 10 ? `+1${digits}` : `+${digits}`;
}
