import { sql } from "kysely";
import type { Database } from "./database.ts";

/** The budget of one account at one vendor. */
export type BudgetKey = { account: string; vendor: string };
export type Token = { granted: true; failures: number } | { granted: false; waitMs: number };

/**
 * Takes a token if more than `reserve` (0..1) of the window's limit remains. One statement; a refusal costs a second one
 * that says how long to wait. `limitMax` and `windowMs` begin a row that does not exist yet.
 */
export async function takeToken(
  db: Database,
  { account, vendor }: BudgetKey,
  now: Date,
  { reserve, limitMax, windowMs }: { reserve: number; limitMax: number; windowMs: number },
): Promise<Token> {
  const taken = await sql<{ failures: number }>`
    insert into callbridge.budgets as b (account, vendor, limit_max, window_ms, taken)
    values (${account}, ${vendor}, ${limitMax}, ${windowMs}, array[${now}::timestamptz])
    on conflict (account, vendor) do update
    set taken = (select coalesce(array_agg(t order by t), '{}') from unnest(b.taken) t
        where t > ${now}::timestamptz - make_interval(secs => b.window_ms / 1000.0)) || ${now}::timestamptz
    where (b.blocked_until is null or b.blocked_until <= ${now})
      and (select count(*) from unnest(b.taken) t where t > ${now}::timestamptz - make_interval(secs => b.window_ms / 1000.0))
        < greatest(1, floor(b.limit_max * (1 - ${reserve}::float)))
    returning failures`.execute(db);
  const [row] = taken.rows;
  if (row) return { granted: true, failures: row.failures };
  return { granted: false, waitMs: await msUntilToken(db, { account, vendor }, now, reserve) };
}

async function msUntilToken(db: Database, { account, vendor }: BudgetKey, now: Date, reserve: number): Promise<number> {
  const answer = await sql<{ wait_ms: number }>`
    select greatest(
      extract(epoch from coalesce(b.blocked_until, ${now}) - ${now}::timestamptz) * 1000,
      coalesce((
        select extract(epoch from t.at + make_interval(secs => b.window_ms / 1000.0) - ${now}::timestamptz) * 1000
        from (select at, row_number() over (order by at desc) as nth from unnest(b.taken) as at) t
        where t.nth = greatest(1, floor(b.limit_max * (1 - ${reserve}::float)))), 0))::float as wait_ms
    from callbridge.budgets b where b.account = ${account} and b.vendor = ${vendor}`.execute(db);
  return Math.max(1, Math.ceil(answer.rows[0]?.wait_ms ?? 0));
}

/** The vendor told its limit: it counts from now on. */
export async function learnLimit(
  db: Database,
  { account, vendor }: BudgetKey,
  limitMax: number,
  windowMs: number,
): Promise<void> {
  await sql`
    update callbridge.budgets set limit_max = ${limitMax}, window_ms = ${windowMs}
    where account = ${account} and vendor = ${vendor} and (limit_max, window_ms) <> (${limitMax}, ${windowMs})`.execute(
    db,
  );
}

/** Nobody passes for a while. A later end stands. */
export async function block(db: Database, { account, vendor }: BudgetKey, until: Date): Promise<void> {
  await sql`
    update callbridge.budgets set blocked_until = greatest(coalesce(blocked_until, ${until}), ${until})
    where account = ${account} and vendor = ${vendor}`.execute(db);
}

/** When the breaker opens, and for how long: twice as long each time in a row. */
export type Breaker = { failuresMax: number; openFirstMs: number; openMaxMs: number };

/**
 * Counts a failure of the vendor and opens the breaker after enough in a row. Requests that were under way together and
 * fail together open it once. Gives how long it was opened for, if it was.
 */
export async function countFailure(
  db: Database,
  { account, vendor }: BudgetKey,
  now: Date,
  { failuresMax, openFirstMs, openMaxMs }: Breaker,
): Promise<number | undefined> {
  const answer = await sql<{ opened_ms: number | null }>`
    with opening as (
      select account, vendor,
        case when failures + 1 >= ${failuresMax} and coalesce(blocked_until, ${now}) <= ${now}
          then least(${openFirstMs}::float * power(2, opened), ${openMaxMs}) end as ms
      from callbridge.budgets where account = ${account} and vendor = ${vendor} for update)
    update callbridge.budgets b set failures = b.failures + 1,
      opened = b.opened + (o.ms is not null)::int,
      blocked_until = case when o.ms is null then b.blocked_until else ${now}::timestamptz + make_interval(secs => o.ms / 1000.0) end
    from opening o where b.account = o.account and b.vendor = o.vendor
    returning o.ms as opened_ms`.execute(db);
  return answer.rows[0]?.opened_ms ?? undefined;
}

export async function clearFailures(db: Database, { account, vendor }: BudgetKey): Promise<void> {
  await sql`
    update callbridge.budgets set failures = 0, opened = 0, blocked_until = null
    where account = ${account} and vendor = ${vendor} and failures > 0`.execute(db);
}
