import type { Envelope } from "@callbridge/event-log";
import type { Announcement } from "@callbridge/events";
import { z } from "zod";

const attributes = z.object({
  position: z.number(),
  account: z.string(),
  subject: z.string(),
  type: z.string(),
  dataschema: z.string(),
});

/** An event as CloudEvents 1.0 JSON: envelope and data, nothing personal. */
export function toCloudEvent(event: Envelope): string {
  return JSON.stringify(cloudEventOf(event));
}

export function cloudEventOf(event: Envelope) {
  return {
    specversion: "1.0",
    id: event.id,
    source: `callbridge/${event.source}`,
    type: event.type,
    time: event.time,
    subject: event.stream,
    dataschema: `callbridge:${event.type}:${event.version}`,
    datacontenttype: "application/json",
    account: event.account,
    position: event.position,
    key: event.key,
    correlationid: event.correlationId,
    ...(event.causationId && { causationid: event.causationId }),
    ...(event.traceparent && { traceparent: event.traceparent }),
    data: event.data,
  };
}

/** Throws when the message is not one of ours. */
export function announcementOf(message: string): Announcement {
  const { subject, dataschema, ...rest } = attributes.parse(JSON.parse(message));
  const { position, account, type } = rest;
  return { position, account, type, stream: subject, version: Number(dataschema.split(":").at(-1)) };
}
