import type { EventLog } from "@callbridge/event-log";
import { type CloudTalkContactId, catalogue, stream } from "@callbridge/events";

/** A contact of CloudTalk that was seen there, and with which tags (by GHL's names). */
export type KnownContact = { id: CloudTalkContactId; tags: readonly string[]; position: number; seenAt: Date };

const begin = stream.cloudtalkContact("");

/** Those that are not gone, by id. Contacts that nobody has opened yet are not among them. */
export async function knownInCloudTalk(account: string, log: Pick<EventLog, "lastInStreams">): Promise<KnownContact[]> {
  const last = await log.lastInStreams(account, begin, ["contact.observed", "contact.deleted"]);
  const known = last.flatMap(({ stream: name, type, position, recordedAt, data }): KnownContact[] => {
    if (type !== "contact.observed") return [];
    const { tags } = catalogue["contact.observed"].data.parse(data);
    return [{ id: name.slice(begin.length) as CloudTalkContactId, tags, position, seenAt: recordedAt }];
  });
  return known.sort((a, b) => Number(a.id) - Number(b.id));
}

/**
 * A part of a list that is gone through again and again, without a note of where one is: the turn's number says it. What
 * is missed while nobody looks comes again with the next time around.
 */
export function rolling<T>(items: readonly T[], count: number, turn: number): T[] {
  if (count >= items.length) return [...items];
  const first = (turn * count) % items.length;
  return [...items.slice(first, first + count), ...items.slice(0, Math.max(0, first + count - items.length))];
}
