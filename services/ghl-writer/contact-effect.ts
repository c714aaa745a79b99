import type { GhlContactId } from "@callbridge/events";
import { type Ghl, ghlFieldUpdate } from "@callbridge/ghl";
import type { EffectDefinition } from "@callbridge/service";
import { z } from "zod";

const input = z.object({
  phone: z.string(),
  name: z.string().optional(),
  emails: z.array(z.string()).default([]),
  /** By the names of the mapping: `city`, `custom:…`. */
  fields: z.record(z.string(), z.string()).default({}),
  tags: z.array(z.string()).default([]),
});
type Input = z.output<typeof input>;

/** Shown in the CRM as where the contact came from; workflows can filter on it. */
const source = "CloudTalk";

/**
 * Creates the contact of an unknown caller, or the counterpart of a contact that the CRM does not have. All calls of one number share the target, so the second finds the first one's:
 * by its id, because the search may not show it yet. Only a contact that holds the number now is believed, never one that
 * held it once or that the CRM takes for the same.
 */
export function contactEffect(
  ghl: Pick<Ghl, "contact" | "findContactsByPhone" | "createContact" | "customFields">,
  host: string,
): EffectDefinition<Input> {
  const holds = async (id: string, phone: string) => {
    const contact = await ghl.contact(id as GhlContactId);
    return contact?.phones.includes(phone) === true;
  };
  return {
    kind: "ghl.contact",
    input,
    host,
    perform: async ({ phone, name, emails, fields, tags }, { previous }) => {
      const { contacts } = await ghl.findContactsByPhone(phone);
      if (contacts.length > 1) return { skip: "several contacts have this number now" };
      const [existing] = contacts;
      if (existing) return { vendorId: existing.id };
      if (previous?.vendorId && (await holds(previous.vendorId, phone))) return { vendorId: previous.vendorId };
      const needsCustomFields = Object.keys(fields).some((field) => field.startsWith("custom:"));
      const { id, existed } = await ghl.createContact({
        ...ghlFieldUpdate(fields, needsCustomFields ? await ghl.customFields() : []),
        ...{ phone, name: name ?? phone, source },
        ...(emails[0] && { email: emails[0] }),
        ...(tags.length > 0 && { tags }),
      });
      if (existed && !(await holds(id, phone))) return { skip: "the CRM names a contact that has another number" };
      return { vendorId: id };
    },
    readBack: async ({ phone }) => {
      const { contacts } = await ghl.findContactsByPhone(phone);
      const [existing, ...others] = contacts;
      return existing && others.length === 0 ? { vendorId: existing.id } : undefined;
    },
  };
}
