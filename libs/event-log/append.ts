import { type EventKey, eventVersion, linksOf, type NewEvent } from "@callbridge/events";
import { sql } from "kysely";
import pg from "pg";
import { z } from "zod";
import type { Database } from "./database.ts";
import type { Personal } from "./personal.ts";
import { newId } from "./random.ts";

/** NATS stops at 1 MiB and the relay keeps order, so one huge event would hold up all: larger content is an object in storage. */
const eventBytesMax = 64 * 1024;

/** Where an event comes from: what caused it, so that a whole call can be followed by one id. */
export type Cause = { correlationId: string; causationId?: string | undefined; traceparent?: string | undefined };

/** A webhook request as it came, stored beside the events it brought. */
export type InboxEntry = {
  id: string;
  account: string;
  source: string;
  endpoint: string;
  /** The vendor's id of the delivery, which its retries share. */
  deliveryId?: string | undefined;
  verdict: "accepted" | "ignored" | "parked";
  because?: string | undefined;
  /** Headers and body as received; sealed before it is stored. */
  request: unknown;
};

export type DueEntry = {
  consumer: string;
  key: string;
  position: number;
  /** Undefined: a dead letter. */
  at: Date | undefined;
  attempt: number;
  because: string;
};

export type Append = {
  now: Date;
  events?: { account: string; event: NewEvent; cause: Cause; delivery?: string | undefined }[];
  deliveries?: InboxEntry[];
  /** Refused with `StreamMovedOn` when one of these (or a stream linked to it) has an event after `position`. */
  expect?: { account: string; stream: string; position: number }[];
  due?: DueEntry[];
};

const verdictSchema = z.enum(["accepted", "duplicate", "ignored", "parked"]);
const storedSchema = z.object({ id: z.string(), position: z.number(), stream: z.string(), type: z.string() });
const answerSchema = z.object({
  /** The last position before this append. */
  head: z.number(),
  /** Earlier events that the request repeats, by place in the request; its other events follow `head` in order. */
  repeated: z.record(z.string(), storedSchema).nullable(),
  /** Deliveries that were stored before: none of their events counts. */
  seen: z.array(z.string()).nullable(),
  verdicts: z.record(z.string(), verdictSchema).nullable(),
});
/** One entry per event that was asked for: `added: false` names the earlier event that it repeats. */
export type Appended = {
  events: (z.infer<typeof storedSchema> & { added: boolean; delivery: string | null })[];
  verdicts: z.infer<typeof answerSchema>["verdicts"];
};

/** Somebody else appended to the stream since it was read: fold again and decide again. */
export class StreamMovedOn extends Error {
  override readonly name = "StreamMovedOn";
}
export class EventTooLarge extends Error {
  override readonly name = "EventTooLarge";
  readonly bytesMax = eventBytesMax;
}
/** Personal data was erased while this process still held the key. A fresh key is made on the next try. */
class KeyDestroyed extends Error {
  override readonly name = "KeyDestroyed";
}

export async function append(db: Database, personal: Personal, request: Append): Promise<Appended> {
  try {
    return await appendOnce(db, personal, request);
  } catch (error) {
    if (error instanceof KeyDestroyed) return await appendOnce(db, personal, request);
    throw error;
  }
}

async function appendOnce(db: Database, personal: Personal, request: Append): Promise<Appended> {
  const keyIds: string[] = [];
  const events = (request.events ?? []).map((entry) => row(entry, personal, keyIds));
  const streamOf = new Map(request.events?.map(({ delivery, event }) => [delivery, event.stream]));
  const deliveries = request.deliveries?.map((entry) => {
    const { request: body, ...rest } = entry;
    const sealed = personal.seal(entry.account, streamOf.get(entry.id) ?? `inbox:${entry.id}`, entry.id, body);
    keyIds.push(sealed.keyId);
    return { ...rest, body: sealed.personal.toString("base64"), bodyKey: sealed.keyId };
  });
  const parameter = JSON.stringify({
    now: request.now.toISOString(),
    events,
    keys: personal.unsavedKeys(keyIds),
    usedKeys: [...new Set(keyIds)],
    deliveries,
    expect: request.expect ?? [],
    due: request.due ?? [],
  });
  try {
    const result = await sql<{ answer: unknown }>`select callbridge.append(${parameter}::jsonb) as answer`.execute(db);
    personal.markSaved(keyIds);
    return appended(events, answerSchema.parse(result.rows[0]?.answer));
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? error.code : undefined;
    if (code === "CB001") throw new StreamMovedOn("the stream moved on", { cause: error });
    if (code !== "CB002") throw error;
    personal.forget(keyIds);
    throw new KeyDestroyed("a stream key was destroyed", { cause: error });
  }
}

function appended(rows: Row[], { head, repeated, seen, verdicts }: z.infer<typeof answerSchema>): Appended {
  let position = head;
  const taken = seen === null ? rows : rows.filter(({ delivery }) => !delivery || !seen.includes(delivery));
  const events = taken.map(({ id, stream, type, delivery = null }, place) => {
    const earlier = repeated?.[place];
    if (earlier) return { ...earlier, added: false, delivery };
    position += 1;
    return { id, position, stream, type, added: true, delivery };
  });
  return { events, verdicts };
}

type Row = { id: string; stream: string; type: string; delivery?: string | undefined; [column: string]: unknown };

function row(
  { account, event, cause, delivery }: NonNullable<Append["events"]>[number],
  personal: Personal,
  keyIds: string[],
): Row {
  const id = newId();
  const bytes = Buffer.byteLength(JSON.stringify(event));
  if (bytes > eventBytesMax) {
    throw new EventTooLarge(
      `an event of ${bytes} bytes is larger than ${eventBytesMax}: put its content into storage (${event.type})`,
    );
  }
  const secret = Object.values(event.personal).some((value) => value !== undefined);
  const sealed = secret ? personal.seal(account, event.stream, id, event.personal) : undefined;
  if (sealed) keyIds.push(sealed.keyId);
  const links = linksOf(event.type, event.data);
  return {
    id,
    account,
    stream: event.stream,
    type: event.type,
    version: eventVersion,
    ...keyColumns(event.key),
    time: event.time,
    source: event.source,
    ...cause,
    data: event.data,
    ...(sealed && { personal: sealed.personal.toString("base64"), personalKey: sealed.keyId }),
    ...(links.length > 0 && { links }),
    ...(delivery && { delivery }),
  };
}

function keyColumns(key: EventKey): Record<string, unknown> {
  return "fact" in key ? { key: key.fact } : key;
}
