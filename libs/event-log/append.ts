import { eventVersion, linksOf, type NewEvent } from "@callbridge/events";
import pg from "pg";
import { z } from "zod";
import { column, pack, statement } from "./columns.ts";
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

const storedSchema = z.object({ id: z.string(), position: z.number(), stream: z.string(), type: z.string() });
const answerSchema = z.object({
  /** The last position before this append. */
  head: z.number(),
  /** Earlier events that the request repeats, by place in the request; its other events follow `head` in order. */
  repeated: z.record(z.string(), storedSchema).nullable(),
  /** Deliveries that were stored before: none of their events counts. */
  seen: z.array(z.string()).nullable(),
  /** Deliveries that brought nothing new. */
  duplicates: z.array(z.string()).nullable(),
});
/** One entry per event that was asked for: `added: false` names the earlier event that it repeats. */
export type Appended = {
  events: (z.infer<typeof storedSchema> & { added: boolean; delivery: string | null })[];
  verdicts: Record<string, InboxEntry["verdict"] | "duplicate"> | null;
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

/** Several requests are appended as one, in their order: all of them or none. Each gets its own answer. */
export async function append(pool: pg.Pool, personal: Personal, requests: Append[]): Promise<Appended[]> {
  try {
    return await appendOnce(pool, personal, requests);
  } catch (error) {
    if (error instanceof KeyDestroyed) return await appendOnce(pool, personal, requests);
    throw error;
  }
}

async function appendOnce(pool: pg.Pool, personal: Personal, requests: Append[]): Promise<Appended[]> {
  const events = requests.flatMap((request) => request.events ?? []);
  const deliveries = requests.flatMap((request) => request.deliveries ?? []);
  const sealed = pack();
  const rows = events.map((entry) => eventRow(entry, personal, sealed));
  const streamOf = new Map(events.map(({ delivery, event }) => [delivery, event.stream]));
  const bodies = deliveries.map(({ id, account, request }) => {
    const body = personal.seal(account, streamOf.get(id) ?? `inbox:${id}`, id, JSON.stringify(request));
    return { ...sealed.add(body.sealed), key: body.keyId };
  });
  const keyIds = new Set([...rows.flatMap(({ personalKey }) => personalKey ?? []), ...bodies.map(({ key }) => key)]);
  const keys = personal.unsavedKeys(keyIds).map((key) => ({ ...key, ...sealed.add(key.wrapped) }));
  const rest = {
    expect: requests.flatMap(({ expect = [] }) => expect),
    due: requests.flatMap(({ due = [] }) => due),
    reports: events.flatMap(({ event: { key } }, place) => ("fact" in key ? [] : [{ ord: place + 1, ...key }])),
    links: events.flatMap(({ event }, place) =>
      linksOf(event.type, event.data).map(([one, other]) => ({ id: rows[place]?.id, one, other })),
    ),
  };
  const isPlain = Object.values(rest).every(({ length }) => length === 0);
  const values = [
    new Date(Math.max(...requests.map(({ now }) => now.getTime()))).toISOString(),
    eventVersion,
    isPlain ? null : JSON.stringify(rest),
    sealed.all(),
    column(rows, ({ id }) => id),
    column(events, ({ account }) => account),
    column(events, ({ event }) => event.stream),
    column(events, ({ event }) => event.type),
    column(events, ({ event: { key } }) => ("fact" in key ? key.fact : undefined)),
    column(events, ({ event }) => event.time),
    column(events, ({ event }) => event.source),
    column(events, ({ cause }) => cause.correlationId),
    column(events, ({ cause }) => cause.causationId),
    column(events, ({ cause }) => cause.traceparent),
    `[${rows.map(({ data }) => data)}]`,
    column(rows, ({ from }) => from),
    column(rows, ({ length }) => length),
    column(rows, ({ personalKey }) => personalKey),
    column(events, ({ delivery }) => delivery),
    column(keys, ({ id }) => id),
    column(keys, ({ account }) => account),
    column(keys, ({ stream }) => stream),
    column(keys, ({ from }) => from),
    column(keys, ({ length }) => length),
    column([...keyIds], (id) => id),
    column(deliveries, ({ id }) => id),
    column(deliveries, ({ account }) => account),
    column(deliveries, ({ source }) => source),
    column(deliveries, ({ endpoint }) => endpoint),
    column(deliveries, ({ deliveryId }) => deliveryId),
    column(deliveries, ({ verdict }) => verdict),
    column(deliveries, ({ because }) => because),
    column(bodies, ({ from }) => from),
    column(bodies, ({ length }) => length),
    column(bodies, ({ key }) => key),
  ];
  try {
    const result = await pool.query<{ answer: unknown }>({ ...statement("callbridge.append_columns", values), values });
    personal.markSaved(keyIds);
    return answers(requests, rows, answerSchema.parse(result.rows[0]?.answer));
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? error.code : undefined;
    if (code === "CB001") throw new StreamMovedOn("the stream moved on", { cause: error });
    if (code !== "CB002") throw error;
    personal.forget(keyIds);
    throw new KeyDestroyed("a stream key was destroyed", { cause: error });
  }
}

function answers(
  requests: Append[],
  rows: EventRow[],
  { head, repeated, seen, duplicates }: z.infer<typeof answerSchema>,
): Appended[] {
  let position = head;
  let place = 0;
  return requests.map(({ events = [], deliveries = [] }) => ({
    events: events.flatMap(({ event: { stream, type }, delivery = null }): Appended["events"] => {
      const id = rows[place]?.id ?? "";
      const earlier = repeated?.[place++];
      if (earlier) return [{ ...earlier, added: false, delivery }];
      if (delivery !== null && seen?.includes(delivery)) return [];
      position += 1;
      return [{ id, position, stream, type, added: true, delivery }];
    }),
    verdicts:
      deliveries.length === 0
        ? null
        : Object.fromEntries(
            deliveries.map(({ id, verdict }) => [id, duplicates?.includes(id) ? "duplicate" : verdict]),
          ),
  }));
}

type EventRow = { id: string; data: string; personalKey?: string; from?: number; length?: number };

function eventRow(
  { account, event }: NonNullable<Append["events"]>[number],
  personal: Personal,
  sealed: ReturnType<typeof pack>,
): EventRow {
  const id = newId();
  const data = JSON.stringify(event.data);
  const secret = JSON.stringify(event.personal);
  const bytes = Buffer.byteLength(data) + Buffer.byteLength(secret);
  if (bytes > eventBytesMax) {
    throw new EventTooLarge(
      `an event of ${bytes} bytes is larger than ${eventBytesMax}: put its content into storage (${event.type})`,
    );
  }
  if (secret === "{}") return { id, data };
  const { sealed: piece, keyId } = personal.seal(account, event.stream, id, secret);
  return { id, data, personalKey: keyId, ...sealed.add(piece) };
}
