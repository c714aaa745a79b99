import type { SyncSettings } from "@callbridge/service";
import { z } from "zod";
import type { Pair, Side } from "./pair.ts";
import { fieldKey, nameInGhl, type Person } from "./person.ts";

const texts = z.array(z.string()).default([]);
/** What a contact is made of on either side; GHL takes one number. */
const making = z.object({
  name: z.string().optional(),
  phone: z.string().optional(),
  phones: texts,
  emails: texts,
  fields: z.record(z.string(), z.string()).default({}),
  tags: texts,
});

/**
 * What both sides agreed on when we made one record of the other, as far as the one that was made shows it: whatever differs
 * from it was changed since. Undefined when neither was made by us; one that was found instead shows what it shows.
 */
export function agreedWhenMade(
  { ids, effects }: Pair,
  persons: Record<Side, Person>,
  settings: SyncSettings,
): Person | undefined {
  const inGhl = effects.get(`ghl-contact:${ids.cloudtalk}`);
  const effect = inGhl ?? effects.get(`cloudtalk-contact:${ids.ghl}`);
  const side: Side = inGhl ? "ghl" : "cloudtalk";
  if (effect?.end !== "observed" || effect.vendorId !== ids[side]) return undefined;
  const { name, phone, phones, emails, fields, tags } = making.parse(effect.input ?? {});
  const now = persons[side];
  const written = settings.fields.flatMap((rule) => {
    const text = rule[side] === "name" ? name : fields[rule[side]];
    return text !== undefined && now.fields[fieldKey(rule)] === text ? [[fieldKey(rule), text] as const] : [];
  });
  const still = (made: string[], shown: string[]) => made.filter((item) => shown.includes(item));
  return {
    fields: Object.fromEntries(written),
    phones: still(phone === undefined ? phones : [phone], now.phones),
    emails: still(emails, now.emails),
    tags: still(
      tags.map((tag) => nameInGhl(tag, settings)),
      now.tags,
    ),
  };
}
