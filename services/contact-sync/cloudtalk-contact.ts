import type { CloudTalk } from "@callbridge/cloudtalk";
import type { EffectDefinition } from "@callbridge/service";
import { z } from "zod";

const input = z.object({
  name: z.string(),
  phones: z.array(z.string()).min(1),
  emails: z.array(z.string()),
  externalUrl: z.object({ name: z.string(), url: z.string() }),
});
type Input = z.output<typeof input>;

/** Makes sure that a contact with these numbers exists in CloudTalk. One that is there is left as it is. */
export function cloudtalkContactEffect(
  cloudtalk: Pick<CloudTalk, "findContactsByPhone" | "createContact">,
  host: string,
): EffectDefinition<Input> {
  const find = async (contact: Input) => {
    const found = (await Promise.all(contact.phones.map((phone) => cloudtalk.findContactsByPhone(phone)))).flat();
    return [...new Set(found.map(({ id }) => id))];
  };
  return {
    kind: "cloudtalk.contact",
    input,
    host,
    perform: async (contact) => {
      const [existing, ...others] = await find(contact);
      if (others.length > 0) return { skip: "several CloudTalk contacts share these numbers" };
      return { vendorId: existing ?? (await cloudtalk.createContact(contact)) };
    },
    readBack: async (contact) => {
      const [existing, ...others] = await find(contact);
      return existing && others.length === 0 ? { vendorId: existing } : undefined;
    },
  };
}
