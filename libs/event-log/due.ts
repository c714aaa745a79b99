import { sql } from "kysely";
import type { DueEntry } from "./append.ts";
import type { Database } from "./database.ts";

/**
 * An entry that this process works on. `claim` names this piece of work: an entry that was set anew, or taken over by
 * somebody else, has another one. `runs` counts this and all earlier claims that ended without an answer (crashes).
 */
export type Due = DueEntry & { account: string; at: Date; claim: string; runs: number };

/** Writes timers, retries and dead letters outside of an append. A later entry replaces one with the same key. */
export async function putDue(db: Database, now: Date, entries: DueEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await db
    .insertInto("callbridge.due")
    .values(rows(now, entries))
    .onConflict((conflict) =>
      conflict.columns(["consumer", "key"]).doUpdateSet((row) => ({
        position: row.ref("excluded.position"),
        at: row.ref("excluded.at"),
        attempt: row.ref("excluded.attempt"),
        because: row.ref("excluded.because"),
        updated_at: row.ref("excluded.updated_at"),
        claim: null,
        runs: 0,
      })),
    )
    .execute();
}

/** Writes entries, except those whose key has one already (with attempts and crashes that must not be forgotten). */
export async function keepDue(db: Database, now: Date, entries: DueEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await db
    .insertInto("callbridge.due")
    .values(rows(now, entries))
    .onConflict((conflict) => conflict.columns(["consumer", "key"]).doNothing())
    .execute();
}

const rows = (now: Date, entries: DueEntry[]) =>
  entries.map((entry) => ({ ...entry, at: entry.at ?? null, updated_at: now }));

/** How many entries may be claimed: of each account, and no others'; and, whosoever they are, such as failed before. */
export type ClaimLimits = { fresh: ReadonlyMap<string, number>; suspects: number };

/**
 * Takes entries whose time has come, and hides them for `hiddenMs`: when this process dies before it answers for them,
 * they come back by themselves. Several replicas may claim at once and get different ones. `suspects`, claimed before
 * without an answer, have a limit of their own, so that one that kills its process is soon alone.
 */
export async function claimDue(
  db: Database,
  consumer: string,
  now: Date,
  { fresh, suspects }: ClaimLimits,
  hiddenMs: number,
): Promise<Due[]> {
  const until = new Date(now.getTime() + hiddenMs);
  const accounts = [...fresh.keys()];
  const claimed = await sql<Due>`
    with fresh as (
      select d.key from unnest(${accounts}::text[], ${[...fresh.values()]}::int[]) as s(account, free)
      cross join lateral (
        select key from callbridge.due
        where consumer = ${consumer} and account = s.account and at <= ${now} and runs = 0
        order by at limit s.free for update skip locked) d),
    suspects as (
      select key from callbridge.due
      where consumer = ${consumer} and account = any(${accounts}::text[]) and at <= ${now} and runs > 0
      order by at limit ${suspects} for update skip locked)
    update callbridge.due set at = ${until}, updated_at = ${now}, claim = gen_random_uuid(), runs = runs + 1
    where consumer = ${consumer} and key in (select key from fresh union all select key from suspects)
    returning consumer, key, account, position, at, attempt, because, claim, runs`.execute(db);
  return claimed.rows;
}

/** Hides a claimed entry anew while the work goes on. */
export async function hideDue(db: Database, { consumer, key, claim }: Due, until: Date): Promise<void> {
  await sql`
    update callbridge.due set at = ${until}
    where consumer = ${consumer} and key = ${key} and claim = ${claim}`.execute(db);
}

/** Done with a claimed entry, unless it was set anew in the meantime. */
export async function finishDue(db: Database, { consumer, key, claim }: Due): Promise<void> {
  await sql`
    delete from callbridge.due where consumer = ${consumer} and key = ${key} and claim = ${claim}`.execute(db);
}

/** Gives a claimed entry back for another time (or as a dead letter), unless it was set anew in the meantime. */
export async function releaseDue(
  db: Database,
  { consumer, key, claim }: Due,
  now: Date,
  { at, attempt, because }: Pick<DueEntry, "at" | "attempt" | "because">,
): Promise<void> {
  await sql`
    update callbridge.due
    set at = ${at ?? null}, attempt = ${attempt}, because = ${because}, updated_at = ${now}, claim = null, runs = 0
    where consumer = ${consumer} and key = ${key} and claim = ${claim}`.execute(db);
}

/** When the next timer of these accounts after `now` is due, so that nobody has to poll. */
export async function nextDueAt(
  db: Database,
  consumer: string,
  accounts: readonly string[],
  now: Date,
): Promise<Date | undefined> {
  const { rows } = await sql<{ at: Date | null }>`
    select min(d.at) as at from unnest(${[...accounts]}::text[]) as s(account)
    cross join lateral (
      select at from callbridge.due
      where consumer = ${consumer} and account = s.account and at > ${now} order by at limit 1) d`.execute(db);
  return rows[0]?.at ?? undefined;
}
