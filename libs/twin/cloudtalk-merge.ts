import { done, notFound } from "./cloudtalk-answer.ts";
import { deleteContact } from "./cloudtalk-contacts.ts";
import type { Answer } from "./route.ts";
import type { World } from "./world.ts";

/**
 * Numbers, addresses, tags and links are united, elsewhere the newer value wins (facts/cloudtalk.md §1.6, HELP 5639498);
 * calls, notes and activities follow. The id that is gone answers 404 from then on.
 */
export function mergeCloudTalkContacts(world: World, keptId: string, goneId: string): Answer {
  const { contacts, calls, notes, activities } = world.state.cloudtalk;
  const [kept, gone] = [contacts.get(keptId), contacts.get(goneId)];
  if (kept === undefined || gone === undefined || kept === gone) return notFound();
  const [older, newer] = gone.modifiedAt > kept.modifiedAt ? [kept, gone] : [gone, kept];
  const values = Object.entries(newer.details).filter(([, value]) => value !== null && value !== "");
  const attributes = new Map([...older.attributes, ...newer.attributes].map((one) => [one.attributeId, one]));
  const urls = new Map([...kept.externalUrls, ...gone.externalUrls].map((one) => [one.url, one]));
  Object.assign(kept, {
    name: newer.name || older.name,
    details: { ...older.details, ...Object.fromEntries(values) },
    countryId: newer.countryId ?? older.countryId,
    favoriteAgent: newer.favoriteAgent ?? older.favoriteAgent,
    numbers: [...new Set([...kept.numbers, ...gone.numbers])],
    emails: [...new Set([...kept.emails, ...gone.emails])],
    tags: [...new Set([...kept.tags, ...gone.tags])],
    externalUrls: [...urls.values()].slice(0, 3),
    attributes: [...attributes.values()],
    modifiedAt: world.now(),
  });
  for (const record of [...calls.values(), ...notes.values(), ...activities.values()]) {
    if (record.contactId === goneId) record.contactId = keptId;
  }
  world.changed({ kind: "cloudtalk-contact", action: "update", contactId: keptId });
  return deleteContact(world, goneId).status === 200 ? done() : notFound();
}
