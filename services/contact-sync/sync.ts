import { contactUnlinked, type LogEvent } from "@callbridge/events";
import type { Decision, Handler } from "@callbridge/service";
import { compare } from "./compare.ts";
import type { PairDeps } from "./counterpart.ts";
import { created } from "./created.ts";
import { introduce } from "./introduce.ts";
import { synced } from "./observed.ts";
import { foldPair, type Pair } from "./pair.ts";

/**
 * Keeps the two sides' records of a person in step. A webhook is a hint and never the truth: once nothing more came for a
 * while the record is read, an unknown one is introduced to its counterpart, and a known pair is compared and reconciled.
 */
export function syncHandler(deps: PairDeps): Handler<Pair> {
  return {
    name: "sync",
    on: [
      "contact.reported",
      "contact.tagged",
      "contact.untagged",
      "contact.tags_reported",
      "contact.linked",
      "effect.observed",
    ],
    fold: foldPair,
    decide: async (event, pair, context) => {
      if (pair.erased) return {};
      if (event.type === "effect.observed") return await created(event, pair, deps);
      const second = event.type === "contact.linked" ? secondRecord(event, pair) : undefined;
      if (second) return second;

      const [first, newest] = [pair.hints[0], pair.hints.at(-1)];
      if (!first || !newest) return {};
      const { coalesceMs, coalesceMaxMs } = deps.settings;
      const readyAt = Math.min(newest.at + coalesceMs, first.at + coalesceMaxMs);
      if (context.now.getTime() < readyAt) {
        return { wake: [{ key: `sync:${event.stream}`, at: new Date(readyAt) }] };
      }
      const work = { account: event.account, stream: event.stream, newest, context };
      if (pair.linked) return await compare(pair, work, deps);
      return pair.settled ? { append: [synced(pair, work)] } : await introduce(pair, work, deps);
    },
  };
}

/** A CRM contact has one counterpart. A second record that was linked to it too is parted again, and shown to a person. */
function secondRecord(event: LogEvent, pair: Pair): Decision | undefined {
  if (event.type !== "contact.linked" || !pair.linked) return undefined;
  const { cloudtalkContactId, ghlContactId } = event.data;
  if (pair.ids.cloudtalk === cloudtalkContactId && pair.ids.ghl === ghlContactId) return undefined;
  const times = pair.unlinks.get(cloudtalkContactId) ?? 0;
  return {
    append: [
      ...contactUnlinked({ cloudtalkContactId, ghlContactId }, "second-record", times),
      {
        type: "contact.ambiguous",
        stream: `contact:ct:${cloudtalkContactId}`,
        key: { fact: `ambiguous:${cloudtalkContactId}:${times}` },
        data: { cloudtalkContactId, because: "linked-to-another", candidates: [ghlContactId] },
        personal: {},
      },
    ],
  };
}
