import type { LogEvent } from "./event.ts";
import type { CloudTalkContactId, GhlContactId } from "./streams.ts";

/** The two sides' records of one person. */
export type ContactLink = { cloudtalkContactId: CloudTalkContactId; ghlContactId: GhlContactId };

/** The links that hold after these events of a contact's subject, the oldest first. Mostly one, or none yet. */
export function linksIn(events: Iterable<LogEvent>): ContactLink[] {
  const links = new Map<string, ContactLink>();
  for (const { type, data } of events) {
    if (type !== "contact.linked" && type !== "contact.unlinked") continue;
    const { cloudtalkContactId, ghlContactId } = data;
    const name = `${cloudtalkContactId} ${ghlContactId}`;
    links.delete(name);
    if (type === "contact.linked") links.set(name, { cloudtalkContactId, ghlContactId });
  }
  return [...links.values()];
}
