import { keptByCloudTalk } from "@callbridge/cloudtalk";
import { ghlContactId } from "@callbridge/events";
import {
  type Ghl,
  type GhlContact,
  type GhlContactUpdate,
  type GhlCustomField,
  ghlCustomField,
  ghlFieldUpdate,
  readGhlField,
} from "@callbridge/ghl";
import type { EffectDefinition, Performed } from "@callbridge/service";
import { z } from "zod";

const main = z.object({ from: z.string(), to: z.string() });
const field = z.object({ key: z.string(), field: z.string(), from: z.string(), to: z.string() });
const input = z.object({
  contactId: ghlContactId,
  fields: z.array(field).default([]),
  phone: main.optional(),
  email: main.optional(),
});
type Input = z.output<typeof input>;
type Field = z.output<typeof field>;

/**
 * Changes fields, the main phone or the main e-mail of a contact in the CRM: only what differs, and nothing that somebody
 * has changed since the decision. Tags are never sent with it: they would be overwritten.
 */
export function contactUpdateEffect(
  ghl: Pick<Ghl, "contact" | "updateContact" | "customFields">,
  host: string,
): EffectDefinition<Input> {
  const definitionsFor = async ({ fields }: Input) =>
    fields.some((one) => one.field.startsWith("custom:")) ? await ghl.customFields() : [];
  return {
    kind: "ghl.contact_update",
    input,
    host,
    perform: async (change): Promise<Performed> => {
      const contact = await ghl.contact(change.contactId);
      if (!contact) return { skip: "the contact is gone" };
      const definitions = await definitionsFor(change);
      const unknown = change.fields.find(
        (one) => one.field.startsWith("custom:") && !ghlCustomField(one.field, definitions),
      );
      if (unknown) return { skip: `there is no ${unknown.field} in the CRM: create it there, or correct the mapping` };
      const differences = differencesOf(contact, change, definitions);
      if (differences.some(({ from, to, now }) => now !== from && now !== to)) {
        return { skip: "somebody has changed it meanwhile" };
      }
      const update = updateOf(contact, change, definitions);
      if (Object.keys(update).length > 0) await ghl.updateContact(change.contactId, update);
      return {};
    },
    readBack: async (change) => {
      const contact = await ghl.contact(change.contactId);
      if (!contact) return undefined;
      const differences = differencesOf(contact, change, await definitionsFor(change));
      return differences.every(({ to, now }) => now === to) ? {} : undefined;
    },
  };
}

/** Texts are compared as both sides can have them: CloudTalk cuts long ones. */
const shown = (contact: GhlContact, { key, field: name }: Field, definitions: readonly GhlCustomField[]) =>
  keptByCloudTalk(key, readGhlField(contact, name, definitions));
const emailOf = ({ emails }: GhlContact) => emails[0]?.trim().toLowerCase() ?? "";
const phoneOf = ({ phones }: GhlContact) => phones[0] ?? "";

function differencesOf(contact: GhlContact, { fields, phone, email }: Input, definitions: readonly GhlCustomField[]) {
  return [
    ...fields.map((one) => ({
      from: keptByCloudTalk(one.key, one.from),
      to: keptByCloudTalk(one.key, one.to),
      now: shown(contact, one, definitions),
    })),
    ...(phone ? [{ ...phone, now: phoneOf(contact) }] : []),
    ...(email ? [{ ...email, now: emailOf(contact) }] : []),
  ];
}

function updateOf(
  contact: GhlContact,
  { fields, phone, email }: Input,
  definitions: readonly GhlCustomField[],
): GhlContactUpdate {
  const open = fields.filter((one) => shown(contact, one, definitions) !== keptByCloudTalk(one.key, one.to));
  return {
    ...ghlFieldUpdate(Object.fromEntries(open.map((one) => [one.field, one.to])), definitions),
    ...(phone && phoneOf(contact) !== phone.to && { phone: phone.to }),
    ...(email && emailOf(contact) !== email.to && { email: email.to }),
  };
}
