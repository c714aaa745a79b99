import type { CloudTalk, Contact } from "@callbridge/cloudtalk";
import { cloudtalkContactId } from "@callbridge/events";
import type { EffectDefinition, Performed, SyncSettings } from "@callbridge/service";
import { z } from "zod";
import { nameInCloudTalk, nameInGhl } from "./person.ts";

const texts = z.array(z.string());
/** Tags by GHL's names. */
const input = z.object({
  contactId: cloudtalkContactId,
  add: texts,
  remove: texts,
});
type Input = z.output<typeof input>;

/** Adds and removes single tags of a contact in CloudTalk; all its other tags stay. */
export function cloudtalkTagsEffect(
  cloudtalk: Pick<CloudTalk, "contact" | "addTags" | "removeTags">,
  host: string,
  settings: SyncSettings,
): EffectDefinition<Input> {
  const open = (contact: Contact, { add, remove }: Input) => ({
    missing: add.filter((tag) => !contact.tags.some((one) => nameInGhl(one, settings) === nameInGhl(tag, settings))),
    // By the names that the contact really has, in their own casing.
    leftOver: contact.tags.filter((tag) => remove.includes(nameInGhl(tag, settings))),
  });
  return {
    kind: "cloudtalk.tags",
    input,
    host,
    perform: async (change): Promise<Performed> => {
      const contact = await cloudtalk.contact(change.contactId);
      if (!contact) return { skip: "the contact is gone" };
      const { missing, leftOver } = open(contact, change);
      const names = missing.map((tag) => nameInCloudTalk(tag, settings));
      if (names.length > 0) await cloudtalk.addTags(change.contactId, names);
      if (leftOver.length > 0) await cloudtalk.removeTags(change.contactId, leftOver);
      return {};
    },
    readBack: async (change) => {
      const contact = await cloudtalk.contact(change.contactId);
      if (!contact) return undefined;
      const { missing, leftOver } = open(contact, change);
      return missing.length + leftOver.length === 0 ? {} : undefined;
    },
  };
}
