import { sql } from "kysely";
import { bookmarkConsumer } from "./bookmarks.ts";
import type { Database } from "./database.ts";

/** Which dead letters: every field narrows. `id` is the beginning of a dead letter's id. */
export type DeadFilter = {
  ids?: string[] | undefined;
  consumer?: string | undefined;
  types?: string[] | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  /** Part of the reason, in any casing. */
  error?: string | undefined;
};

/** A row of `due` that nobody works on any more. `id` is the same for as long as the row exists, and after it came back. */
export type DeadLetter = {
  id: string;
  consumer: string;
  key: string;
  position: number;
  attempt: number;
  because: string;
  diedAt: Date;
  /** Of its event; null when the log has no such event. */
  type: string | null;
  stream: string | null;
  account: string | null;
};

export type DeadCount = { consumer: string; handler: string; type: string | null; count: number };

/** In order of position; `after` is the last one of the page before. */
export async function listDead(
  db: Database,
  filter: DeadFilter,
  after: Pick<DeadLetter, "position" | "id"> | undefined,
  limit: number,
): Promise<DeadLetter[]> {
  const { ids, consumer, types, since, until, error } = parameters(filter);
  const { rows } = await sql<DeadLetter>`
    select d.id, d.consumer, d.key, d.position, d.attempt, d.because, d.updated_at as "diedAt", e.type, e.stream, e.account
    from (select *, left(md5(consumer || ' ' || key), 10) as id from callbridge.due where at is null) d
    left join callbridge.events e on e.position = d.position
    where (${ids}::text[] is null or exists (select from unnest(${ids}::text[]) as t(begin) where starts_with(d.id, t.begin)))
      and (${consumer}::text is null or d.consumer = ${consumer}::text)
      and (${types}::text[] is null or e.type = any(${types}::text[]))
      and (${since}::timestamptz is null or d.updated_at >= ${since}::timestamptz)
      and (${until}::timestamptz is null or d.updated_at < ${until}::timestamptz)
      and (${error}::text is null or position(lower(${error}::text) in lower(d.because)) > 0)
      and (d.position, d.id) > (${after?.position ?? -1}::bigint, ${after?.id ?? ""}::text)
    order by d.position, d.id limit ${limit}`.execute(db);
  return rows;
}

export async function countDead(db: Database, filter: DeadFilter): Promise<DeadCount[]> {
  const { ids, consumer, types, since, until, error } = parameters(filter);
  const { rows } = await sql<DeadCount>`
    select d.consumer, split_part(d.key, '/', 1) as handler, e.type, count(*) as count
    from (select *, left(md5(consumer || ' ' || key), 10) as id from callbridge.due where at is null) d
    left join callbridge.events e on e.position = d.position
    where (${ids}::text[] is null or exists (select from unnest(${ids}::text[]) as t(begin) where starts_with(d.id, t.begin)))
      and (${consumer}::text is null or d.consumer = ${consumer}::text)
      and (${types}::text[] is null or e.type = any(${types}::text[]))
      and (${since}::timestamptz is null or d.updated_at >= ${since}::timestamptz)
      and (${until}::timestamptz is null or d.updated_at < ${until}::timestamptz)
      and (${error}::text is null or position(lower(${error}::text) in lower(d.because)) > 0)
    group by 1, 2, 3 order by 1, 2, 3`.execute(db);
  return rows;
}

/** Brings dead letters back, each at its own time, with all their attempts before them. How many were still dead. */
export async function reviveDead(
  db: Database,
  entries: { consumer: string; key: string; at: Date }[],
  now: Date,
): Promise<number> {
  const { rows } = await sql`
    update callbridge.due d
    set at = r.at, attempt = 0, because = 'redriven after: ' || d.because, updated_at = ${now}, claim = null, runs = 0
    from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as r(consumer text, key text, at timestamptz)
    where d.consumer = r.consumer and d.key = r.key and d.at is null
    returning d.key`.execute(db);
  return rows.length;
}

/** What waits and what is dead, by consumer. */
export async function countDue(db: Database): Promise<{ consumer: string; waiting: number; dead: number }[]> {
  const { rows } = await sql<{ consumer: string; waiting: number; dead: number }>`
    select consumer, count(at) as waiting, count(*) - count(at) as dead
    from callbridge.due where consumer <> ${bookmarkConsumer} group by consumer order by consumer`.execute(db);
  return rows;
}

function parameters({ ids, consumer, types, since, until, error }: DeadFilter) {
  return {
    ids: ids?.length ? ids : null,
    consumer: consumer ?? null,
    types: types?.length ? types : null,
    since: since ?? null,
    until: until ?? null,
    error: error ?? null,
  };
}
