import type { CloudTalk } from "@callbridge/cloudtalk";
import { cloudtalkContactId } from "@callbridge/events";
import type { EffectDefinition, Performed } from "@callbridge/service";
import { z } from "zod";

const input = z.object({
  contactId: cloudtalkContactId,
  /** The attribute's title, as CloudTalk shows it. */
  name: z.string(),
  value: z.string(),
});
type Input = z.output<typeof input>;

/**
 * Sets one attribute of a contact. An edit replaces all of them (facts/cloudtalk.md §0 item 8), so they are read just before
 * and sent along; all changes of one contact share a target and so never overlap.
 */
export function cloudtalkAttributeEffect(
  cloudtalk: Pick<CloudTalk, "contact" | "contactAttributes" | "editContact">,
  host: string,
): EffectDefinition<Input> {
  return {
    kind: "cloudtalk.attribute",
    input,
    host,
    perform: async ({ contactId, name, value }): Promise<Performed> => {
      const definitions = await cloudtalk.contactAttributes();
      const definition = definitions.find(({ title }) => title.trim().toLowerCase() === name.toLowerCase());
      if (!definition) return { skip: `CloudTalk has no contact attribute "${name}", and its API cannot create one` };
      const contact = await cloudtalk.contact(contactId);
      if (!contact) return { skip: "the contact is gone" };
      if (contact.attributes.some((one) => one.attributeId === definition.id && one.value === value)) return {};
      const others = contact.attributes.flatMap(({ attributeId, value: kept }) =>
        attributeId === definition.id || kept === undefined ? [] : [{ attributeId, value: kept }],
      );
      const attributes = [...others, ...(value === "" ? [] : [{ attributeId: definition.id, value }])];
      await cloudtalk.editContact(contactId, { name: contact.name, attributes });
      return {};
    },
    readBack: async ({ contactId, name, value }) => {
      const contact = await cloudtalk.contact(contactId);
      const now = contact?.attributes.find(({ title }) => title?.trim().toLowerCase() === name.toLowerCase());
      return contact && (now?.value ?? "") === value ? {} : undefined;
    },
  };
}
