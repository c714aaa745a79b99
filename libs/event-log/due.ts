import { sql } from "kysely";
import type { DueEntry } from "./append.ts";
import type { Database } from "./database.ts";

export type Due = DueEntry & { at: Date };

/** Writes timers, retries and dead letters outside of an append. A later entry replaces one with the same key. */
export async function putDue(db: Database, now: Date, entries: DueEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await db
    .insertInto("callbridge.due")
    .values(entries.map((entry) => ({ ...entry, at: entry.at ?? null, updated_at: now })))
    .onConflict((conflict) =>
      conflict.columns(["consumer", "key"]).doUpdateSet((row) => ({
        position: row.ref("excluded.position"),
        at: row.ref("excluded.at"),
        attempt: row.ref("excluded.attempt"),
        because: row.ref("excluded.because"),
        updated_at: row.ref("excluded.updated_at"),
      })),
    )
    .execute();
}

/**
 * Takes entries whose time has come, and hides them for `hiddenMs`: when this process dies before `finishDue`, they come
 * back by themselves. Several replicas may claim at once and get different ones.
 */
export async function claimDue(
  db: Database,
  consumer: string,
  now: Date,
  limit: number,
  hiddenMs: number,
): Promise<Due[]> {
  const until = new Date(now.getTime() + hiddenMs);
  const rows = await sql<Due>`
    update callbridge.due set at = ${until}, updated_at = ${now}
    where (consumer, key) in (
      select consumer, key from callbridge.due
      where consumer = ${consumer} and at <= ${now}
      order by at limit ${limit} for update skip locked)
    returning consumer, key, position, at, attempt, because`.execute(db);
  return rows.rows;
}

/** Done with a claimed entry, unless it was set anew in the meantime. */
export async function finishDue(db: Database, entry: Due): Promise<void> {
  await db
    .deleteFrom("callbridge.due")
    .where("consumer", "=", entry.consumer)
    .where("key", "=", entry.key)
    .where("at", "=", entry.at)
    .execute();
}

/** Moves a claimed entry to another time. False: it was set anew in the meantime. */
export async function moveDue(db: Database, entry: Due, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("callbridge.due")
    .set({ at })
    .where("consumer", "=", entry.consumer)
    .where("key", "=", entry.key)
    .where("at", "=", entry.at)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** When the next timer of this consumer is due, so that nobody has to poll. */
export async function nextDueAt(db: Database, consumer: string): Promise<Date | undefined> {
  const row = await db
    .selectFrom("callbridge.due")
    .select("at")
    .where("consumer", "=", consumer)
    .where("at", "is not", null)
    .orderBy("at")
    .limit(1)
    .executeTakeFirst();
  return row?.at ?? undefined;
}
