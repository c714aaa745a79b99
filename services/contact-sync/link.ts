import type { EventLog } from "@callbridge/event-log";
import { type CloudTalkContactId, type EventData, type GhlContactId, stream } from "@callbridge/events";
import type { Fact } from "@callbridge/service";
import { foldPair } from "./pair.ts";

type Because = EventData<"contact.linked">["because"];

/**
 * The two sides' records of one person. The key names the CloudTalk contact alone: linked once, it is joined to no second
 * CRM contact until it is unlinked again. `unlinks` says how often it was.
 */
export function linked(
  cloudtalkContactId: CloudTalkContactId,
  ghlContactId: GhlContactId,
  because: Because,
  unlinks = 0,
): Fact {
  const link = `link:${cloudtalkContactId}`;
  return {
    type: "contact.linked",
    stream: stream.ghlContact(ghlContactId),
    key: { fact: unlinks === 0 ? link : `${link}:${unlinks}` },
    data: { cloudtalkContactId, ghlContactId, because },
    personal: {},
  };
}

/** The next link of a CloudTalk contact, whatever was linked and parted before. */
export async function linkedNext(
  log: Pick<EventLog, "stream">,
  account: string,
  [cloudtalk, ghl]: [CloudTalkContactId, GhlContactId],
  because: Because,
): Promise<Fact> {
  const { unlinks } = foldPair((await log.stream(account, stream.cloudtalkContact(cloudtalk))).events);
  return linked(cloudtalk, ghl, because, unlinks.get(cloudtalk) ?? 0);
}

/** Parts two records. Each of them has to know, because afterwards neither sees what is said of the other. */
export function unlinked(
  [cloudtalkContactId, ghlContactId]: [CloudTalkContactId, GhlContactId],
  because: EventData<"contact.unlinked">["because"],
  unlinks: number,
): Fact[] {
  const streams = [stream.cloudtalkContact(cloudtalkContactId), stream.ghlContact(ghlContactId)];
  return streams.map((name) => ({
    type: "contact.unlinked",
    stream: name,
    key: { fact: `unlink:${cloudtalkContactId}:${unlinks}/${name}` },
    data: { cloudtalkContactId, ghlContactId, because },
    personal: {},
  }));
}
