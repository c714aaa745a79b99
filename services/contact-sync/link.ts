import type { EventLog } from "@callbridge/event-log";
import {
  type CloudTalkContactId,
  contactLinked,
  type EventData,
  type GhlContactId,
  stream,
  timesUnlinked,
} from "@callbridge/events";
import type { Fact } from "@callbridge/service";

/** The next link of a CloudTalk contact, whatever was linked and parted before. */
export async function linkedNext(
  log: Pick<EventLog, "stream">,
  account: string,
  [cloudtalk, ghl]: [CloudTalkContactId, GhlContactId],
  because: EventData<"contact.linked">["because"],
): Promise<Fact> {
  const { events } = await log.stream(account, stream.cloudtalkContact(cloudtalk));
  return contactLinked({ cloudtalkContactId: cloudtalk, ghlContactId: ghl }, because, timesUnlinked(events, cloudtalk));
}
