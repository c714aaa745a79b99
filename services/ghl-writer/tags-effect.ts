import { ghlContactId } from "@callbridge/events";
import type { Ghl, GhlContact } from "@callbridge/ghl";
import type { EffectDefinition, Performed } from "@callbridge/service";
import { z } from "zod";

const names = z.array(z.string().trim().toLowerCase());
const input = z.object({
  contactId: ghlContactId,
  add: names,
  remove: names,
});
type Input = z.output<typeof input>;

/** Adds and removes single tags of a contact in the CRM; all its other tags stay. */
export function tagsEffect(
  ghl: Pick<Ghl, "contact" | "addTags" | "removeTags">,
  host: string,
): EffectDefinition<Input> {
  return {
    kind: "ghl.tags",
    input,
    host,
    perform: async (change): Promise<Performed> => {
      const contact = await ghl.contact(change.contactId);
      if (!contact) return { skip: "the contact is gone" };
      const { missing, leftOver } = open(contact, change);
      if (missing.length > 0) await ghl.addTags(change.contactId, missing);
      if (leftOver.length > 0) await ghl.removeTags(change.contactId, leftOver);
      return {};
    },
    readBack: async (change) => {
      const contact = await ghl.contact(change.contactId);
      if (!contact) return undefined;
      const { missing, leftOver } = open(contact, change);
      return missing.length + leftOver.length === 0 ? {} : undefined;
    },
  };
}

function open({ tags }: GhlContact, { add, remove }: Input) {
  const now = new Set(tags.map((tag) => tag.trim().toLowerCase()));
  return { missing: add.filter((tag) => !now.has(tag)), leftOver: remove.filter((tag) => now.has(tag)) };
}
