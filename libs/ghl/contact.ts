import { type GhlContactId, ghlContactId } from "@callbridge/events";
import { readPhone } from "@callbridge/vendor";
import { z } from "zod";

/** A contact as GHL has it, in our words. Phones are E.164 where they can be, the main one first. */
export type GhlContact = {
  id: GhlContactId;
  phones: string[];
  emails: string[];
  firstName?: string | undefined;
  lastName?: string | undefined;
  name?: string | undefined;
  tags: string[];
  customFields: { id: string; value: unknown }[];
  companyName?: string | undefined;
  address1?: string | undefined;
  city?: string | undefined;
  state?: string | undefined;
  postalCode?: string | undefined;
  /** ISO 3166 alpha-2, e.g. `IT`. */
  country?: string | undefined;
  website?: string | undefined;
  timezone?: string | undefined;
  /** Where the contact came from, e.g. `facebook`. */
  source?: string | undefined;
  /** A user's id. */
  assignedTo?: string | undefined;
  /** Do not disturb, on any channel. */
  dnd?: boolean | undefined;
  /** ISO 8601. */
  dateAdded?: string | undefined;
  /** ISO 8601; every change moves it, our own included. */
  dateUpdated?: string | undefined;
};

const text = z.string().nullish().catch(undefined);
/** Empty values come as null, as an empty text or not at all. */
const words = z
  .string()
  .trim()
  .transform((value) => value || undefined)
  .nullish()
  .transform((value) => value ?? undefined)
  .catch(undefined);
/** The search index has shown milliseconds where the contact itself has text. */
const instant = z
  .union([z.string(), z.number()])
  .transform((value) => new Date(value))
  .refine((moment) => !Number.isNaN(moment.getTime()))
  .transform((moment) => moment.toISOString())
  .optional()
  .catch(undefined);
/** Additional phones and e-mails are undocumented: seen as texts and as objects. */
const texts = z.array(z.unknown()).nullish().catch(undefined);
const customField = z.looseObject({
  id: z.string(),
  value: z.unknown().optional(),
  field_value: z.unknown().optional(),
  fieldValue: z.unknown().optional(),
});

/** Reads all of GHL's contact shapes (single, search, duplicate look-up, create): only the id is required. */
export const ghlContact = z
  .looseObject({
    id: ghlContactId,
    phone: text,
    additionalPhones: texts,
    email: text,
    additionalEmails: texts,
    firstName: words,
    lastName: words,
    name: words,
    contactName: words,
    companyName: words,
    address1: words,
    city: words,
    state: words,
    postalCode: words,
    country: words,
    website: words,
    timezone: words,
    source: words,
    assignedTo: words,
    dnd: z.boolean().nullish().catch(undefined),
    dateAdded: instant,
    dateUpdated: instant,
    tags: z.array(z.string()).nullish().catch(undefined),
    customFields: z.array(z.unknown()).nullish().catch(undefined),
  })
  .transform((answer): GhlContact => {
    const phones = [answer.phone, ...inner(answer.additionalPhones, "phone")].flatMap((value) => e164(value) ?? []);
    const emails = [answer.email, ...inner(answer.additionalEmails, "email")].flatMap((value) => value?.trim() || []);
    const fields = (answer.customFields ?? []).flatMap((field) => customField.safeParse(field).data ?? []);
    return {
      id: answer.id,
      phones: [...new Set(phones)],
      emails: [...new Set(emails)],
      firstName: answer.firstName,
      lastName: answer.lastName,
      name: answer.name ?? answer.contactName,
      tags: answer.tags ?? [],
      customFields: fields.map((field) => ({
        id: field.id,
        value: field.value ?? field.field_value ?? field.fieldValue,
      })),
      companyName: answer.companyName,
      address1: answer.address1,
      city: answer.city,
      state: answer.state,
      postalCode: answer.postalCode,
      country: answer.country,
      website: answer.website,
      timezone: answer.timezone,
      source: answer.source,
      assignedTo: answer.assignedTo,
      dnd: answer.dnd ?? undefined,
      dateAdded: answer.dateAdded,
      dateUpdated: answer.dateUpdated,
    };
  });

function inner(values: unknown[] | null | undefined, key: "phone" | "email"): (string | undefined)[] {
  const item = z.union([z.string(), z.looseObject({ [key]: z.string() }).transform((object) => String(object[key]))]);
  return (values ?? []).map((value) => item.safeParse(value).data);
}

function e164(value: string | null | undefined): string | undefined {
  const phone = readPhone(value, undefined, "national");
  return phone && ("e164" in phone ? phone.e164 : phone.invalid);
}
