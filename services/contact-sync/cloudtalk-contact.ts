import { type CloudTalk, cloudtalkAttribute, contactAdder } from "@callbridge/cloudtalk";
import { canonicalText } from "@callbridge/events";
import type { EffectDefinition } from "@callbridge/service";
import { z } from "zod";

export const cloudtalkContactInput = z.object({
  name: z.string(),
  phones: z.array(z.string()).min(1),
  emails: z.array(z.string()),
  /** By the names of the mapping: `company`, `attribute:…`. */
  fields: z.record(z.string(), z.string()).default({}),
  tags: z.array(z.string()).default([]),
  externalUrl: z.object({ name: z.string(), url: z.string() }),
  /** When it was seen that nobody there has any of the numbers. ISO 8601; absent: look before it is made. */
  lookedAt: z.string().optional(),
});
type Input = z.output<typeof cloudtalkContactInput>;

/** How long it is believed that nobody has a number. */
export const lookedMaxMs = 5 * 60_000;

/**
 * Makes sure that a contact with these numbers exists in CloudTalk. One that is there is left as it is. What an import has
 * looked for itself goes there in bulks, at the pace of `bulk`. A digest says that it was made with all that was asked for.
 */
export function cloudtalkContactEffect(
  cloudtalk: Pick<CloudTalk, "findContactsByPhone" | "createContact" | "contactAttributes">,
  host: string,
  bulk: Pick<CloudTalk, "bulkContacts">,
): EffectDefinition<Input> {
  const addInBulk = contactAdder(bulk);
  const find = async (contact: Input) => {
    const found = (await Promise.all(contact.phones.map((phone) => cloudtalk.findContactsByPhone(phone)))).flat();
    return [...new Set(found.map(({ id }) => id))];
  };
  const byName = async (fields: Input["fields"]) => {
    const [attributes, plain] = [Object.entries(fields).filter(isAttribute), Object.entries(fields).filter(isPlain)];
    const definitions = attributes.length > 0 ? await cloudtalk.contactAttributes() : [];
    const known = attributes.flatMap(([field, value]) => {
      const attribute = cloudtalkAttribute(field, definitions);
      return attribute ? [{ attributeId: attribute.id, value }] : [];
    });
    const isWhole = known.length === attributes.length;
    return { isWhole, named: { ...Object.fromEntries(plain), ...(known.length > 0 && { attributes: known }) } };
  };
  return {
    kind: "cloudtalk.contact",
    input: cloudtalkContactInput,
    host,
    perform: async (contact, { now, hash }) => {
      const { fields, lookedAt, ...rest } = contact;
      const isLooked = lookedAt !== undefined && now.getTime() - Date.parse(lookedAt) < lookedMaxMs;
      const [existing, ...others] = isLooked ? [] : await find(contact);
      if (others.length > 0) return { skip: "several CloudTalk contacts share these numbers" };
      if (existing) return { vendorId: existing };
      const { isWhole, named } = await byName(fields);
      const wanted = { ...rest, ...named };
      const vendorId = isLooked ? await addInBulk(wanted) : await cloudtalk.createContact(wanted);
      return { vendorId, ...(isWhole && { digest: hash(canonicalText(wanted)) }) };
    },
    readBack: async (contact) => {
      const [existing, ...others] = await find(contact);
      return existing && others.length === 0 ? { vendorId: existing } : undefined;
    },
  };
}

const isAttribute = ([field]: [string, string]) => field.startsWith("attribute:");
const isPlain = (entry: [string, string]) => !isAttribute(entry);
