import {
  catalogue,
  type EventData,
  type EventPersonal,
  type EventType,
  eventVersion,
  isEventType,
} from "./catalogue.ts";

/**
 * What makes an event the same event when it is reported again.
 * `fact`: the vendor names it (fact id + kind). `state`: a report of how an entity now is; a repeat in a row is a
 * duplicate, a return to a former state is not. `repeat`: a report with no id at all; the same content received again
 * within ten minutes is a duplicate. None of them may contain a phone number or an unkeyed hash of one.
 */
export type EventKey = { fact: string } | { entity: string; content: string; mode: "state" | "repeat" };

/** An event before the log has given it a place. */
export type NewEventOf<T extends EventType> = {
  type: T;
  stream: string;
  key: EventKey;
  /** When it happened, by the vendor's clock where it says so, else when it was received. ISO 8601. */
  time: string;
  /** Who says so: `cloudtalk`, `ghl`, or the service that decided it. */
  source: string;
  data: EventData<T>;
  personal: EventPersonal<T>;
};
export type NewEvent = { [T in EventType]: NewEventOf<T> }[EventType];

/** An event in the log. `position` is gapless and total; `correlationId` is shared by everything that one delivery caused. */
export type LogEventOf<T extends EventType> = Omit<NewEventOf<T>, "key"> & {
  id: string;
  account: string;
  position: number;
  version: number;
  key: string;
  recordedAt: string;
  correlationId: string;
  causationId: string | undefined;
  traceparent: string | undefined;
  /** The stream's key was destroyed: `personal` is empty for good. */
  erased: boolean;
};
export type LogEvent = { [T in EventType]: LogEventOf<T> }[EventType];

/** What the bus carries: enough to decide whether to look, and nothing personal. */
export type Announcement = { position: number; account: string; stream: string; type: string; version: number };

/** This build is older than the event: keep it for a newer one, never give it up. */
export class NewerEvent extends Error {
  override readonly name = "NewerEvent";
}

/** Checks data against the catalogue. Throws `NewerEvent` for types and versions that this build does not know. */
export function parseEvent(type: string, version: number, data: unknown, personal: unknown) {
  if (!isEventType(type) || version > eventVersion)
    throw new NewerEvent(`${type} version ${version} is not known here`);
  const schema = catalogue[type];
  return { type, data: schema.data.parse(data), personal: schema.personal.parse(personal) };
}

/** Narrows an event to one type, for handlers that listen to several. */
export function isEvent<T extends EventType>(event: LogEvent, type: T): event is Extract<LogEvent, { type: T }> {
  return event.type === type;
}
