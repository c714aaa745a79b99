import type { EventLog } from "@callbridge/event-log";
import type { CloudTalkContactId, GhlContactId, LogEvent } from "@callbridge/events";
import type { Decision, Fact, SyncSettings } from "@callbridge/service";
import { cloudtalkContactInput } from "./cloudtalk-contact.ts";
import { linkedNext } from "./link.ts";
import { observed, synced } from "./observed.ts";
import { type Pair, pairName } from "./pair.ts";
import { nameInGhl, type Person } from "./person.ts";
import { isNothing, reconcile } from "./three-way.ts";

export type CreatedDeps = { log: Pick<EventLog, "stream">; settings: SyncSettings };

/** A counterpart was made (or found on the way): now there are two to link, unless they were parted before. */
export async function created(event: LogEvent, pair: Pair, deps: CreatedDeps): Promise<Decision> {
  if (event.type !== "effect.observed" || pair.linked || event.data.vendorId === undefined) return {};
  const { kind, vendorId, effect, digest } = event.data;
  const { cloudtalk, ghl } = pair.ids;
  if (kind === "ghl.contact" && cloudtalk) {
    const ids: [CloudTalkContactId, GhlContactId] = [cloudtalk, vendorId as GhlContactId];
    if (pair.parted.has(pairName(...ids))) return {};
    return { append: [await linkedNext(deps.log, event.account, ids, "created")] };
  }
  if (kind !== "cloudtalk.contact" || !ghl) return {};
  const made = vendorId as CloudTalkContactId;
  if (pair.parted.has(pairName(made, ghl))) return {};
  const link = await linkedNext(deps.log, event.account, [made, ghl], "created");
  const person = digest === undefined ? undefined : personMade(pair.effects.get(effect)?.input, deps.settings);
  if (!person || !pair.seen.ghl || link.type !== "contact.linked") return { append: [link] };
  return { append: asWritten(event, { ...pair, ids: { cloudtalk: made, ghl } }, link, person, deps.settings) };
}

/**
 * What we made is as we wrote it, and both sides agree on it: nobody has to read it back to know. Only when the other side
 * was changed meanwhile are they compared.
 */
function asWritten(
  event: LogEvent,
  pair: Pair,
  link: Extract<Fact, { type: "contact.linked" }>,
  person: Person,
  settings: SyncSettings,
): Fact[] {
  const isCompared = pair.seen.ghl && isNothing(reconcile(person, person, pair.seen.ghl, settings));
  const hint = { position: event.position, at: 0, side: undefined };
  const base = synced(pair, { stream: event.stream, newest: hint }, person);
  return [
    ...observed("cloudtalk", pair, person, hint),
    { ...link, data: { ...link.data, ...(isCompared && { compared: true }) } },
    // Hints that came meanwhile are still to be considered.
    ...(base.type === "contact.synced" ? [{ ...base, data: { ...base.data, upTo: 1 } }] : []),
  ];
}

/** What a contact that we made in CloudTalk shows, in words that both sides share. */
function personMade(input: unknown, settings: SyncSettings): Person | undefined {
  const made = cloudtalkContactInput.safeParse(input).data;
  if (!made) return undefined;
  const { name, fields, phones, emails, tags } = made;
  return {
    fields: { ...fields, name },
    phones: phones.toSorted(),
    emails: emails.toSorted(),
    tags: tags.map((tag) => nameInGhl(tag, settings)).sort(),
  };
}
