import { type CloudTalk, cloudtalkAttribute } from "@callbridge/cloudtalk";
import type { EffectDefinition } from "@callbridge/service";
import { z } from "zod";

const input = z.object({
  name: z.string(),
  phones: z.array(z.string()).min(1),
  emails: z.array(z.string()),
  /** By the names of the mapping: `company`, `attribute:…`. */
  fields: z.record(z.string(), z.string()).default({}),
  tags: z.array(z.string()).default([]),
  externalUrl: z.object({ name: z.string(), url: z.string() }),
});
type Input = z.output<typeof input>;

/** Makes sure that a contact with these numbers exists in CloudTalk. One that is there is left as it is. */
export function cloudtalkContactEffect(
  cloudtalk: Pick<CloudTalk, "findContactsByPhone" | "createContact" | "contactAttributes">,
  host: string,
): EffectDefinition<Input> {
  const find = async (contact: Input) => {
    const found = (await Promise.all(contact.phones.map((phone) => cloudtalk.findContactsByPhone(phone)))).flat();
    return [...new Set(found.map(({ id }) => id))];
  };
  const named = async (fields: Input["fields"]) => {
    const [attributes, plain] = [Object.entries(fields).filter(isAttribute), Object.entries(fields).filter(isPlain)];
    const definitions = attributes.length > 0 ? await cloudtalk.contactAttributes() : [];
    const known = attributes.flatMap(([field, value]) => {
      const attribute = cloudtalkAttribute(field, definitions);
      return attribute ? [{ attributeId: attribute.id, value }] : [];
    });
    return { ...Object.fromEntries(plain), ...(known.length > 0 && { attributes: known }) };
  };
  return {
    kind: "cloudtalk.contact",
    input,
    host,
    perform: async (contact) => {
      const [existing, ...others] = await find(contact);
      if (others.length > 0) return { skip: "several CloudTalk contacts share these numbers" };
      if (existing) return { vendorId: existing };
      const { fields, ...rest } = contact;
      return { vendorId: await cloudtalk.createContact({ ...rest, ...(await named(fields)) }) };
    },
    readBack: async (contact) => {
      const [existing, ...others] = await find(contact);
      return existing && others.length === 0 ? { vendorId: existing } : undefined;
    },
  };
}

const isAttribute = ([field]: [string, string]) => field.startsWith("attribute:");
const isPlain = (entry: [string, string]) => !isAttribute(entry);
