import { sql } from "kysely";
import type { Database } from "./database.ts";

/** The position up to which a consumer is done with everything: acked, due or dead. 0 for a new consumer. */
export async function readMark(db: Database, consumer: string): Promise<number> {
  const row = await db
    .selectFrom("callbridge.marks")
    .select("position")
    .where("consumer", "=", consumer)
    .executeTakeFirst();
  return row?.position ?? 0;
}

/**
 * Marks only move forward: a replica that lags behind must not pull them back. False: it was as far already. Saving 0 is
 * how a consumer registers, and tells it whether it is a new one.
 */
export async function saveMark(db: Database, consumer: string, position: number, now: Date): Promise<boolean> {
  const { rows } = await sql`
    insert into callbridge.marks (consumer, position, saved_at) values (${consumer}, ${position}, ${now})
    on conflict (consumer) do update set position = excluded.position, saved_at = excluded.saved_at
    where callbridge.marks.position < excluded.position
    returning consumer`.execute(db);
  return rows.length > 0;
}

export type Mark = { consumer: string; position: number; savedAt: Date };

export async function listMarks(db: Database): Promise<Mark[]> {
  const { rows } = await sql<Mark>`
    select consumer, position, saved_at as "savedAt" from callbridge.marks order by position, consumer`.execute(db);
  return rows;
}

/** Where a rebuilt stream has to begin. 0 when there is no consumer yet. */
export async function lowestMark(db: Database): Promise<number> {
  const row = await db
    .selectFrom("callbridge.marks")
    .select((select) => select.fn.min("position").as("position"))
    .executeTakeFirst();
  return row?.position ?? 0;
}
