import type { KeyObject } from "node:crypto";
import { type Announcement, type EventType, isEventType, type LogEvent, parseEvent } from "@callbridge/events";
import { type Selectable, sql } from "kysely";
import type { Database, Tables } from "./database.ts";
import type { Personal } from "./personal.ts";

/** An event's row with its key as it is at this moment: null when it was destroyed. */
type Row = Selectable<Tables["callbridge.events"]> & { wrapped: Buffer | null };
/** The same with times as PostgreSQL writes them: a `Date` of the driver costs ten times as much, and is text in the end. */
type TextRow = Omit<Row, "time" | "recorded_at"> & { time: string; recorded_at: string };

/*
 * Keys and streams are looked up by `lateral … offset 0`, one index probe each. A plain join reads the whole table of keys
 * for the four events of a call as soon as the planner takes a subject to be larger than it is (measured: 22 ms instead of 1).
 */

/** A subject: every event of this stream and of all streams linked to it, in order, and the position it was read at. */
export type Subject = { events: LogEvent[]; position: number };

export async function loadStream(db: Database, personal: Personal, account: string, stream: string): Promise<Subject> {
  const { rows } = await sql<Row>`
    select e.*, k.wrapped from callbridge.linked_streams(${account}, ${stream}) as l(stream)
    cross join lateral (
      select * from callbridge.events e where e.account = ${account} and e.stream = l.stream offset 0) e
    left join lateral (select wrapped from callbridge.stream_keys where id = e.personal_key offset 0) k on true
    order by e.position`.execute(db);
  return { events: revive(rows, personal), position: rows.at(-1)?.position ?? 0 };
}

/** Which of these streams have an event of one of these types, by themselves or in a stream linked to them. */
export async function knownStreams(
  db: Database,
  account: string,
  streams: string[],
  types: readonly EventType[],
): Promise<Set<string>> {
  const rows = await sql<{ stream: string }>`
    select name as stream from unnest(${streams}::text[]) as name
    where exists (select from callbridge.linked_streams(${account}, name) as l(stream)
      join callbridge.events e on e.account = ${account} and e.stream = l.stream and e.type = any(${types}::text[]))`.execute(
    db,
  );
  return new Set(rows.rows.map((row) => row.stream));
}

/** The last event of some kind in a stream, without what is personal in it. */
export type LastEvent = { stream: string; type: string; position: number; recordedAt: Date; data: unknown };

/** The last event of one of these types in each stream whose name begins like this. */
export async function lastInStreams(
  db: Database,
  account: string,
  begin: string,
  types: readonly EventType[],
): Promise<LastEvent[]> {
  const { rows } = await sql<LastEvent>`
    select distinct on (e.stream) e.stream, e.type, e.position, e.recorded_at as "recordedAt", e.data
    from callbridge.events e
    where e.account = ${account} and e.stream >= ${begin} and e.stream < ${`${begin}\uffff`} and e.type = any(${types}::text[])
    order by e.stream, e.position desc`.execute(db);
  return rows;
}

/** The events of all effects on one target, in order of position. */
export async function loadTarget(
  db: Database,
  personal: Personal,
  account: string,
  target: string,
): Promise<LogEvent[]> {
  const { rows } = await sql<Row>`
    select e.*, k.wrapped from callbridge.events e
    left join lateral (select wrapped from callbridge.stream_keys where id = e.personal_key offset 0) k on true
    where e.account = ${account} and e.type like 'effect.%' and e.data->>'target' = ${target}
    order by e.position`.execute(db);
  return revive(rows, personal);
}

/** As many as are opened while the next are fetched: enough that asking for them costs nothing beside them. */
const partSize = 250;

/**
 * Events after a position, in order; never misses one, because positions are given under the append lock. They are fetched
 * in parts, so that PostgreSQL reads the next while this one is opened: without gaps the next part's place is known.
 */
export async function readAfter(
  db: Database,
  personal: Personal,
  position: number,
  limit: number,
): Promise<LogEvent[]> {
  const end = position + limit;
  const partAfter = (from: number) => {
    const rows = from < end ? selectPart(db, from, Math.min(from + partSize, end)) : Promise.resolve([]);
    // Whoever waits for it is told; if an earlier part failed, nobody does.
    rows.catch(() => undefined);
    return rows;
  };
  const events: LogEvent[] = [];
  let next = partAfter(position);
  for (let from = position; from < end; from += partSize) {
    const rows = await next;
    // The end of the log: what was appended since is for the next reader.
    const isLast = rows.length < Math.min(partSize, end - from);
    if (!isLast) next = partAfter(from + partSize);
    events.push(...revive(rows, personal));
    if (isLast) break;
  }
  return events;
}

async function selectPart(db: Database, after: number, upTo: number): Promise<TextRow[]> {
  const { rows } = await sql<TextRow>`
    select e.position, e.id, e.account, e.stream, e.type, e.version, e.key,
      (e.time at time zone 'UTC')::text as time, (e.recorded_at at time zone 'UTC')::text as recorded_at, e.source, e.correlation_id, e.causation_id, e.traceparent, e.data, e.personal,
      e.personal_key, k.wrapped
    from callbridge.events e
    left join lateral (select wrapped from callbridge.stream_keys where id = e.personal_key offset 0) k on true
    where e.position > ${after} and e.position <= ${upTo} order by e.position`.execute(db);
  return rows;
}

export async function readAt(db: Database, personal: Personal, position: number): Promise<LogEvent | undefined> {
  const { rows } = await sql<Row>`
    select e.*, k.wrapped from callbridge.events e
    left join lateral (select wrapped from callbridge.stream_keys where id = e.personal_key offset 0) k on true
    where e.position = ${position}`.execute(db);
  return revive(rows, personal)[0];
}

/** What the bus needs of the events after a position: no data, nothing decrypted. */
export async function announcementsAfter(db: Database, position: number, limit: number): Promise<Announcement[]> {
  return db
    .selectFrom("callbridge.events")
    .select(["position", "account", "stream", "type", "version"])
    .where("position", ">", position)
    .orderBy("position")
    .limit(limit)
    .execute();
}

/** An event without its personal data: what leaves for the bus. */
export type Envelope = Omit<LogEvent, "type" | "data" | "personal" | "recordedAt" | "erased"> & {
  type: string;
  data: unknown;
};

export async function envelopesAfter(db: Database, position: number, limit: number): Promise<Envelope[]> {
  const rows = await sql<Envelope & { time: Date }>`
    select id, account, position, stream, type, version, key, time, source, correlation_id as "correlationId",
      causation_id as "causationId", traceparent, data
    from callbridge.events where position > ${position} order by position limit ${limit}`.execute(db);
  return rows.rows.map((row) => ({ ...row, time: row.time.toISOString() }));
}

export async function lastPosition(db: Database): Promise<number> {
  const row = await db
    .selectFrom("callbridge.events")
    .select("position")
    .orderBy("position", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.position ?? 0;
}

/** Types that this build does not know are left out: a newer service may write facts that an older one has no use for. */
function revive(all: (Row | TextRow)[], personal: Personal): LogEvent[] {
  const rows = all.filter((row) => isEventType(row.type));
  const unwrapped = new Map<string, KeyObject>();
  return rows.map((row) => {
    const opened =
      row.personal && row.personal_key
        ? personal.open(row.personal_key, row.wrapped, row.id, row.personal, unwrapped)
        : ({} as unknown);
    return {
      id: row.id,
      account: row.account,
      position: row.position,
      stream: row.stream,
      version: row.version,
      key: row.key,
      time: isoOf(row.time),
      recordedAt: isoOf(row.recorded_at),
      source: row.source,
      correlationId: row.correlation_id,
      causationId: row.causation_id ?? undefined,
      traceparent: row.traceparent ?? undefined,
      erased: opened === undefined,
      ...parseEvent(row.type, row.version, row.data, opened ?? {}),
    } as LogEvent;
  });
}

/** `2026-11-22 10:00:00.5`, in UTC, as ISO 8601. */
function isoOf(time: Date | string): string {
  if (typeof time !== "string") return time.toISOString();
  return `${time.slice(0, 10)}T${time.slice(11, 19)}.${time.slice(20, 23).padEnd(3, "0")}Z`;
}
