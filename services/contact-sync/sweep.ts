import type { CloudTalk } from "@callbridge/cloudtalk";
import type { EventLog } from "@callbridge/event-log";
import { type EventData, isEvent, type LogEvent, stream } from "@callbridge/events";
import type { Ghl, GhlCursor, GhlCustomField } from "@callbridge/ghl";
import { afterError, type Context, type Fact, type Handler, RetryLater, type SyncSettings } from "@callbridge/service";
import { listInCloudTalk } from "./contact-lists.ts";
import { cloudtalkHint, ghlHint, isHinted } from "./hints.ts";
import { type KnownContact, knownInCloudTalk } from "./known-contacts.ts";
import { samePerson } from "./observed.ts";
import { patiently } from "./patiently.ts";
import { personInGhl } from "./person.ts";
import { readPair } from "./read-pair.ts";
import { tagHints } from "./tag-sweep.ts";

/** What a sweep asks of the vendors waits for the share of the budget that sweeps have. */
export type SweepDeps = {
  cloudtalk: Pick<CloudTalk, "contactsPage" | "contact" | "tags">;
  ghl: Pick<Ghl, "contactsUpdatedSince" | "contactsPage">;
  log: Pick<EventLog, "stream" | "lastInStreams">;
  settings: SyncSettings;
  customFields: () => Promise<readonly GhlCustomField[]>;
};

type Swept = EventData<"sync.swept">;

const dayMs = 24 * 3_600_000;
const minuteMs = 60_000;
/** How soon it is looked whether sweeps that were switched off are on again. */
const offMs = 3_600_000;
/** More contacts than this do not vanish between two sweeps; the others are looked at by the next. */
const vanishedMax = 50;

/** The fact that the sweeps and the crawl of an account hang on. */
export function contactSweepsOf(account: string): Fact {
  const about = { stream: stream.account(account), key: { fact: "sync:sweeps" } };
  return { type: "sync.sweeps_begun", ...about, data: {}, personal: {} };
}

/**
 * The safety net under the contacts' webhooks. GHL tells what changed since the last sweep. CloudTalk does not: its list
 * shows who is new and who is gone, the members of its tags who was tagged; for everything else there is the crawl.
 */
export function contactSweepHandler(deps: SweepDeps): Handler<undefined> {
  const { everyMs } = deps.settings.sweep;
  return {
    name: "contact-sweep",
    on: ["sync.sweeps_begun"],
    fold: () => undefined,
    lease: () => "contact-sweep",
    decide: async (event, _state, context) => {
      const wakeAt = (at: number) => [{ key: event.key, at: new Date(at) }];
      const now = context.now.getTime();
      if (everyMs === 0) return { wake: wakeAt(now + offMs) };
      const last = await lastSweep(event.account, context.now, deps);
      const dueAt = Date.parse(last?.at ?? event.recordedAt) + everyMs;
      if (now < dueAt) return { wake: wakeAt(dueAt) };
      try {
        return { append: await sweep(event, last?.swept, deps, context), wake: wakeAt(now + everyMs) };
      } catch (cause) {
        // All later sweeps hang on this one, so no failure is its last.
        throw new RetryLater(everyMs, afterError(cause, 1).because, { cause });
      }
    },
  };
}

async function lastSweep(account: string, now: Date, { log }: SweepDeps) {
  for (const day of [now, new Date(now.getTime() - dayMs)]) {
    const { events } = await log.stream(account, stream.sweeps(dayOf(day)));
    const last = events.findLast((event) => isEvent(event, "sync.swept"));
    if (last && isEvent(last, "sync.swept")) return { at: last.recordedAt, swept: last.data };
  }
  return undefined;
}

const dayOf = (time: Date) => time.toISOString().slice(0, 10);

async function sweep(event: LogEvent, last: Swept | undefined, deps: SweepDeps, context: Context): Promise<Fact[]> {
  const { now, signal } = context;
  const { overlapMs, crawlPerMinute } = deps.settings.sweep;
  const since = new Date(Date.parse(last?.changedUntil ?? event.recordedAt) - overlapMs);
  const changed = await changedInGhl(event.account, since, deps, signal);
  const listed = await listInCloudTalk(deps, signal);
  const known = await knownInCloudTalk(event.account, deps.log);
  const highestId = Number(listed.at(-1)?.id ?? last?.highestId ?? 0);
  const isKnown = new Set(known.map(({ id }) => id));
  // What was there before the first sweep and is unknown is left to an import: nobody asked for it to be brought over.
  const added = last ? listed.filter(({ id }) => Number(id) > last.highestId && !isKnown.has(id)) : [];
  const vanished = vanishedOf(known, new Set(listed.map(({ id }) => id)), now);
  const tags = await tagHints(event.account, known, deps, context);
  const swept: Swept = {
    ...{ changedUntil: now.toISOString(), contacts: listed.length, highestId, crawled: known.length },
    crawlSeconds: crawlPerMinute === 0 ? 0 : Math.ceil(known.length / crawlPerMinute) * 60,
    hints: { changed: changed.length, added: added.length, vanished: vanished.length, tags: tags.length },
  };
  const name = stream.sweeps(dayOf(now));
  return [
    ...changed,
    ...added.map(({ id }) => cloudtalkHint(id, "created", "added")),
    ...vanished.map(({ id, position }) => cloudtalkHint(id, "deleted", `vanished:${position}`)),
    ...tags,
    { type: "sync.swept", stream: name, key: { fact: `swept:${now.toISOString()}` }, data: swept, personal: {} },
  ];
}

/** Contacts that show something else than was last seen of them: what a webhook led to is no news. */
async function changedInGhl(account: string, since: Date, deps: SweepDeps, signal: AbortSignal): Promise<Fact[]> {
  const read = patiently(deps.ghl.contactsUpdatedSince, signal);
  const hints: Fact[] = [];
  for (let after: GhlCursor | undefined, isLast = false; !isLast; ) {
    const { contacts, next } = await read({ since, after });
    for (const contact of contacts) {
      const pair = await readPair(deps.log, account, stream.ghlContact(contact.id));
      const person = personInGhl(contact, deps.settings, await deps.customFields());
      const isSeen = pair.seen.ghl && samePerson(pair.seen.ghl, person);
      if (isSeen || pair.erased || isHinted(pair, "ghl")) continue;
      const change = pair.position === 0 ? "created" : "updated";
      hints.push(ghlHint(contact.id, change, contact.dateUpdated ?? since.toISOString()));
    }
    after = next;
    isLast = next === undefined;
  }
  return hints;
}

/** The list may lag behind, so whoever was seen a moment ago is not missed. */
function vanishedOf(known: readonly KnownContact[], listed: ReadonlySet<string>, now: Date): KnownContact[] {
  const isOld = ({ seenAt }: KnownContact) => now.getTime() - seenAt.getTime() > minuteMs;
  return known.filter((contact) => !listed.has(contact.id) && isOld(contact)).slice(0, vanishedMax);
}
