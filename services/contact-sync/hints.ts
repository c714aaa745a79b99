import type { HistoryRow } from "@callbridge/cloudtalk";
import type { EventLog } from "@callbridge/event-log";
import { type CloudTalkContactId, type EventData, type GhlContactId, stream } from "@callbridge/events";
import type { Fact, SyncSettings } from "@callbridge/service";
import type { Pair } from "./pair.ts";
import { nameInGhl, syncedTags } from "./person.ts";
import { readPair } from "./read-pair.ts";

type Change = EventData<"contact.reported">["change"];

/** What a sweep found: like a webhook it is a hint, and the record is read before anything is decided. */
export function ghlHint(id: GhlContactId, change: Change, key: string): Fact {
  const data = { ghlContactId: id, origin: "ghl", change } as const;
  return {
    type: "contact.reported",
    stream: stream.ghlContact(id),
    key: { fact: `sweep:ghl:${id}:${key}` },
    data,
    personal: {},
  };
}

export function cloudtalkHint(id: CloudTalkContactId, change: Change, key: string): Fact {
  const data = { cloudtalkContactId: id, origin: "cloudtalk", change } as const;
  const fact = `sweep:cloudtalk:${id}:${key}`;
  return { type: "contact.reported", stream: stream.cloudtalkContact(id), key: { fact }, data, personal: {} };
}

/** A hint about this side waits to be considered: another one would tell nothing more. */
export const isHinted = (pair: Pair, side: "ghl" | "cloudtalk") =>
  pair.hints.some((hint) => hint.side === undefined || hint.side === side);

/** Contacts of calls that the history shows otherwise than they were last seen. Each call brings one hint at most. */
export async function hintsInHistory(
  account: string,
  rows: readonly HistoryRow[],
  { log, settings }: { log: Pick<EventLog, "stream">; settings: SyncSettings },
): Promise<Fact[]> {
  // The newest call of each contact.
  const newest = new Map<CloudTalkContactId, HistoryRow>();
  for (const row of rows) {
    const known = row.contact && newest.get(row.contact.id);
    if (row.contact && (!known || Number(row.callId) > Number(known.callId))) newest.set(row.contact.id, row);
  }
  const hints: Fact[] = [];
  for (const [id, row] of newest) {
    const pair = await readPair(log, account, stream.cloudtalkContact(id));
    if (isOther(row, pair, settings) && !isHinted(pair, "cloudtalk")) {
      hints.push(cloudtalkHint(id, "updated", `call:${row.callId}`));
    }
  }
  return hints;
}

function isOther({ contact }: HistoryRow, { seen }: Pair, settings: SyncSettings): boolean {
  if (!contact || !seen.cloudtalk) return false;
  const names = contact.tags.map((tag) => nameInGhl(tag, settings));
  const tags = syncedTags(names, settings);
  const known = seen.cloudtalk;
  const isNew = (phone: string) => !known.phones.includes(phone);
  return tags.join("\n") !== known.tags.toSorted().join("\n") || contact.phones.some(isNew);
}
