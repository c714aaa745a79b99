import type { GhlContactId } from "@callbridge/events";
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
};

export const contactId = z
  .string()
  .min(1)
  .transform((id) => id as GhlContactId);

const text = z.string().nullish().catch(undefined);
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
    id: contactId,
    phone: text,
    additionalPhones: texts,
    email: text,
    additionalEmails: texts,
    firstName: text,
    lastName: text,
    name: text,
    contactName: text,
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
      firstName: answer.firstName?.trim() || undefined,
      lastName: answer.lastName?.trim() || undefined,
      name: (answer.name ?? answer.contactName)?.trim() || undefined,
      tags: answer.tags ?? [],
      customFields: fields.map((field) => ({
        id: field.id,
        value: field.value ?? field.field_value ?? field.fieldValue,
      })),
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
