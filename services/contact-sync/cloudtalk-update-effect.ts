import {
  type CloudTalk,
  type Contact,
  type ContactEdit,
  cloudtalkAttribute,
  cloudtalkFieldEdit,
  keptByCloudTalk,
  readCloudTalkField,
} from "@callbridge/cloudtalk";
import { cloudtalkContactId } from "@callbridge/events";
import type { EffectDefinition, Performed } from "@callbridge/service";
import { z } from "zod";

const texts = z.array(z.string());
const set = z.object({ add: texts, remove: texts });
const input = z.object({
  contactId: cloudtalkContactId,
  fields: z.array(z.object({ field: z.string(), from: z.string(), to: z.string() })).default([]),
  phones: set.optional(),
  emails: set.optional(),
  externalUrl: z.object({ name: z.string(), url: z.string() }).optional(),
});
type Input = z.output<typeof input>;
type SetChange = z.output<typeof set>;

/**
 * Changes a contact in CloudTalk. Its lists are replaced whole by the vendor, so it is read and merged just before; a text
 * that somebody has changed since the decision is left alone: what they did is reported, and decided on anew.
 */
export function cloudtalkUpdateEffect(
  cloudtalk: Pick<CloudTalk, "contact" | "editContact" | "contactAttributes">,
  host: string,
): EffectDefinition<Input> {
  return {
    kind: "cloudtalk.contact_update",
    input,
    host,
    perform: async (change): Promise<Performed> => {
      const contact = await cloudtalk.contact(change.contactId);
      if (!contact) return { skip: "the contact is gone" };
      const open = change.fields.filter(({ field, to }) => shown(contact, field) !== keptByCloudTalk(field, to));
      if (open.some(({ field, from }) => shown(contact, field) !== keptByCloudTalk(field, from))) {
        return { skip: "somebody has changed it meanwhile" };
      }
      if (change.phones && contact.otherNumbers?.length) {
        return { skip: "it has numbers that are no phone numbers and would be lost" };
      }
      const attributes = open.some(({ field }) => field.startsWith("attribute:"))
        ? await cloudtalk.contactAttributes()
        : [];
      const unknown = open.find(
        ({ field }) => field.startsWith("attribute:") && !cloudtalkAttribute(field, attributes),
      );
      if (unknown) return { skip: `CloudTalk has no ${unknown.field}: create it there, or correct the mapping` };
      const edit: ContactEdit = {
        ...cloudtalkFieldEdit(contact, Object.fromEntries(open.map(({ field, to }) => [field, to])), attributes),
        ...merged("phones", contact.phones, change.phones),
        ...merged("emails", contact.emails, change.emails),
        ...(change.externalUrl &&
          !hasLink(contact, change.externalUrl.url) && {
            externalUrls: [...contact.externalUrls, change.externalUrl],
          }),
      };
      if (Object.keys(edit).length === 0) return {};
      // Older versions of the API demand the name with every edit (facts/cloudtalk.md §1.6).
      await cloudtalk.editContact(change.contactId, { name: contact.name, ...edit });
      return {};
    },
    readBack: async (change) => {
      const contact = await cloudtalk.contact(change.contactId);
      return contact && isDone(contact, change) ? {} : undefined;
    },
  };
}

const shown = (contact: Contact, field: string) => keptByCloudTalk(field, readCloudTalkField(contact, field));
const hasLink = ({ externalUrls }: Contact, url: string) => externalUrls.some((one) => one.url === url);

function merged(part: "phones" | "emails", now: string[], change: SetChange | undefined): ContactEdit {
  if (!change || isApplied(now, change)) return {};
  const kept = now.filter((item) => !change.remove.includes(item));
  return { [part]: [...new Set([...kept, ...change.add])] };
}

const isApplied = (now: string[], { add, remove }: SetChange) =>
  add.every((item) => now.includes(item)) && !remove.some((item) => now.includes(item));

function isDone(contact: Contact, { fields, phones, emails, externalUrl }: Input): boolean {
  return (
    fields.every(({ field, to }) => shown(contact, field) === keptByCloudTalk(field, to)) &&
    (!phones || isApplied(contact.phones, phones)) &&
    (!emails || isApplied(contact.emails, emails)) &&
    (!externalUrl || hasLink(contact, externalUrl.url))
  );
}
