import type { KeyObject } from "node:crypto";
import { sql } from "kysely";
import type { Database } from "./database.ts";
import type { Personal } from "./personal.ts";

/** Which events: every field narrows. Positions are inclusive; times are those of recording, `to` exclusive. */
export type EventFilter = {
  types?: string[] | undefined;
  /** This stream and all that are linked to it. */
  stream?: string | undefined;
  account?: string | undefined;
  correlation?: string | undefined;
  fromPosition?: number | undefined;
  toPosition?: number | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
};

/** An event as it is stored, also one of a type or version that this build does not know. */
export type StoredEvent = {
  position: number;
  id: string;
  account: string;
  stream: string;
  type: string;
  version: number;
  key: string;
  time: Date;
  recordedAt: Date;
  source: string;
  correlationId: string;
  causationId: string | null;
  traceparent: string | null;
  data: unknown;
  /** Undefined: the event has none, or it was destroyed. */
  personal: unknown;
  erased: boolean;
};

/** Reads a selection page by page. Made once per selection by `queryEvents`. */
export type EventQuery = {
  /** Events after a position, in order. */
  after: (position: number, limit: number) => Promise<StoredEvent[]>;
  /** The last events of the selection, in order. */
  last: (limit: number) => Promise<StoredEvent[]>;
  /** How many there are of each type. */
  count: () => Promise<{ type: string; count: number }[]>;
};

type Row = StoredEvent & { sealed: Buffer | null; sealedBy: string | null; wrapped: Buffer | null };
type Parameters = { [Name in keyof EventFilter]: Exclude<EventFilter[Name], undefined> | null } & {
  accounts: string[] | null;
  streams: string[] | null;
};

export async function queryEvents(db: Database, personal: Personal, filter: EventFilter): Promise<EventQuery> {
  const linked = filter.stream === undefined ? null : await linkedStreams(db, filter.stream);
  const { fromPosition, toPosition } = await bounds(db, filter);
  const parameters: Parameters = {
    types: filter.types?.length ? filter.types : null,
    account: filter.account ?? null,
    correlation: filter.correlation ?? null,
    fromPosition,
    toPosition,
    from: filter.from ?? null,
    to: filter.to ?? null,
    accounts: linked?.map(({ account }) => account) ?? null,
    streams: linked?.map(({ stream }) => stream) ?? null,
  };
  return {
    after: async (position, limit) => opened(await selectAfter(db, parameters, position, limit), personal),
    last: async (limit) => opened(await selectLast(db, parameters, limit), personal),
    count: () => countByType(db, parameters),
  };
}

async function selectAfter(db: Database, p: Parameters, position: number, limit: number): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select e.position, e.id, e.account, e.stream, e.type, e.version, e.key, e.time, e.recorded_at as "recordedAt", e.source,
      e.correlation_id as "correlationId", e.causation_id as "causationId", e.traceparent, e.data,
      e.personal as sealed, e.personal_key as "sealedBy", k.wrapped
    from (select * from callbridge.events e
      where e.position > ${position} and ${selection(p)} order by e.position limit ${limit}) e
    left join callbridge.stream_keys k on k.id = e.personal_key
    order by e.position`.execute(db);
  return rows;
}

async function selectLast(db: Database, p: Parameters, limit: number): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select e.position, e.id, e.account, e.stream, e.type, e.version, e.key, e.time, e.recorded_at as "recordedAt", e.source,
      e.correlation_id as "correlationId", e.causation_id as "causationId", e.traceparent, e.data,
      e.personal as sealed, e.personal_key as "sealedBy", k.wrapped
    from (select * from callbridge.events e where ${selection(p)} order by e.position desc limit ${limit}) e
    left join callbridge.stream_keys k on k.id = e.personal_key
    order by e.position`.execute(db);
  return rows;
}

async function countByType(db: Database, p: Parameters): Promise<{ type: string; count: number }[]> {
  const { rows } = await sql<{ type: string; count: number }>`
    select e.type, count(*) as count from callbridge.events e where ${selection(p)}
    group by e.type order by e.type`.execute(db);
  return rows;
}

/** The one event that a person means: by position or by id. */
export async function findEvent(db: Database, personal: Personal, name: string): Promise<StoredEvent | undefined> {
  const position = /^\d{1,15}$/.test(name) ? Number(name) : -1;
  const id = /^[0-9a-f-]{36}$/i.test(name) ? name : null;
  const { rows } = await sql<Row>`
    select e.position, e.id, e.account, e.stream, e.type, e.version, e.key, e.time, e.recorded_at as "recordedAt", e.source,
      e.correlation_id as "correlationId", e.causation_id as "causationId", e.traceparent, e.data,
      e.personal as sealed, e.personal_key as "sealedBy", k.wrapped
    from callbridge.events e left join callbridge.stream_keys k on k.id = e.personal_key
    where e.position = ${position} or e.id = ${id}::uuid`.execute(db);
  return opened(rows, personal)[0];
}

/**
 * A parameter that is null narrows nothing; the planner sees the values and drops its condition. Not so for a sub-query,
 * which would keep it from using the index of streams.
 */
function selection(p: Parameters) {
  return sql`(${p.types}::text[] is null or e.type = any(${p.types}::text[]))
      and (${p.account}::text is null or e.account = ${p.account}::text)
      and (${p.correlation}::text is null or e.correlation_id = ${p.correlation}::text)
      and (${p.fromPosition}::bigint is null or e.position >= ${p.fromPosition}::bigint)
      and (${p.toPosition}::bigint is null or e.position <= ${p.toPosition}::bigint)
      and (${p.from}::timestamptz is null or e.recorded_at >= ${p.from}::timestamptz)
      and (${p.to}::timestamptz is null or e.recorded_at < ${p.to}::timestamptz)
      and ${p.streams === null ? sql`true` : sql`(e.account, e.stream) in (select * from unnest(${p.accounts}::text[], ${p.streams}::text[]))`}`;
}

/** In every account: the same vendor id may exist in several. Accounts are found by leaps through the index. */
async function linkedStreams(db: Database, stream: string): Promise<{ account: string; stream: string }[]> {
  const { rows } = await sql<{ account: string; stream: string }>`
    with recursive accounts(account) as (
      (select account from callbridge.events order by account limit 1)
      union all
      select (select e.account from callbridge.events e where e.account > a.account order by e.account limit 1)
      from accounts a where a.account is not null)
    select a.account, l.stream from accounts a cross join lateral callbridge.linked_streams(a.account, ${stream}) as l(stream)
    where a.account is not null`.execute(db);
  return rows;
}

/** Events are recorded by the clocks of several machines, in the order of their positions up to this. */
const clockSkewMs = 3_600_000;

/** Positions between which all events of a span of time lie, so that a day of a long log is read without the rest. */
async function bounds(db: Database, { from, to, fromPosition, toPosition }: EventFilter) {
  const first = from && (await positionRecordedAt(db, new Date(from.getTime() - clockSkewMs)));
  const last = to && (await positionRecordedAt(db, new Date(to.getTime() + clockSkewMs)));
  return {
    fromPosition: first === undefined ? (fromPosition ?? null) : Math.max(first, fromPosition ?? 0),
    toPosition: last === undefined ? (toPosition ?? null) : Math.min(last, toPosition ?? last),
  };
}

/** Finds the first position recorded at a time or later by halving: positions are gapless. */
async function positionRecordedAt(db: Database, time: Date): Promise<number> {
  const { rows } = await sql<{ last: number | null }>`select max(position) as last from callbridge.events`.execute(db);
  let low = 1;
  let high = (rows[0]?.last ?? 0) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const probe = await sql<{ is_before: boolean }>`
      select recorded_at < ${time} as is_before from callbridge.events where position = ${middle}`.execute(db);
    if (probe.rows[0]?.is_before) low = middle + 1;
    else high = middle;
  }
  return low;
}

function opened(rows: Row[], personal: Personal): StoredEvent[] {
  const unwrapped = new Map<string, KeyObject>();
  return rows.map(({ sealed, sealedBy, wrapped, ...event }) => {
    const content = sealed && sealedBy ? personal.open(sealedBy, wrapped, event.id, sealed, unwrapped) : undefined;
    return { ...event, personal: content, erased: sealed !== null && content === undefined };
  });
}
