import type { Ghl } from "@callbridge/ghl";
import type { EffectDefinition } from "@callbridge/service";
import { z } from "zod";

const input = z.object({ phone: z.string(), name: z.string().optional() });
type Input = z.output<typeof input>;

/** Shown in the CRM as where the contact came from; workflows can filter on it. */
const source = "CloudTalk";

/** Creates the contact of an unknown caller. All calls of one number share the target, so the second finds the first one's. */
export function contactEffect(
  ghl: Pick<Ghl, "findContactsByPhone" | "createContact">,
  host: string,
): EffectDefinition<Input> {
  return {
    kind: "ghl.contact",
    input,
    host,
    perform: async ({ phone, name }, { previous }) => {
      if (previous?.vendorId) return { vendorId: previous.vendorId };
      const { contacts } = await ghl.findContactsByPhone(phone);
      if (contacts.length > 1) return { skip: "several contacts have this number now" };
      const [existing] = contacts;
      if (existing) return { vendorId: existing.id };
      const created = await ghl.createContact({ phone, name: name ?? phone, source });
      return { vendorId: created.id };
    },
    readBack: async ({ phone }) => {
      const { contacts } = await ghl.findContactsByPhone(phone);
      const [existing, ...others] = contacts;
      return existing && others.length === 0 ? { vendorId: existing.id } : undefined;
    },
  };
}
