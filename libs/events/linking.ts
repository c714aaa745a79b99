import type { EventData } from "./catalogue.ts";
import type { ContactLink } from "./contact-link.ts";
import type { LogEvent, NewEventOf } from "./event.ts";
import { type CloudTalkContactId, stream } from "./streams.ts";

type FactOf<T extends "contact.linked" | "contact.unlinked"> = Omit<NewEventOf<T>, "source" | "time">;

/**
 * The two sides' records of one person. The key names the CloudTalk contact alone: linked once, it is joined to no second
 * CRM contact until it is unlinked again. `unlinks` says how often it was.
 */
export function contactLinked(
  { cloudtalkContactId, ghlContactId }: ContactLink,
  because: EventData<"contact.linked">["because"],
  unlinks: number,
): FactOf<"contact.linked"> {
  const link = `link:${cloudtalkContactId}`;
  return {
    type: "contact.linked",
    stream: stream.ghlContact(ghlContactId),
    key: { fact: unlinks === 0 ? link : `${link}:${unlinks}` },
    data: { cloudtalkContactId, ghlContactId, because },
    personal: {},
  };
}

/** Parts two records. Each of them has to know, because afterwards neither sees what is said of the other. */
export function contactUnlinked(
  { cloudtalkContactId, ghlContactId }: ContactLink,
  because: EventData<"contact.unlinked">["because"],
  unlinks: number,
): FactOf<"contact.unlinked">[] {
  const streams = [stream.cloudtalkContact(cloudtalkContactId), stream.ghlContact(ghlContactId)];
  return streams.map((name) => ({
    type: "contact.unlinked",
    stream: name,
    key: { fact: `unlink:${cloudtalkContactId}:${unlinks}/${name}` },
    data: { cloudtalkContactId, ghlContactId, because },
    personal: {},
  }));
}

/** How often a CloudTalk contact was unlinked, by the events of its subject: its next link is a new fact. */
export function timesUnlinked(events: readonly LogEvent[], id: CloudTalkContactId): number {
  const own = stream.cloudtalkContact(id);
  return events.filter((event) => event.type === "contact.unlinked" && event.stream === own).length;
}
