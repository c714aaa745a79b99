import { type Kysely, sql } from "kysely";

/** One row per account and vendor: the budget and the breaker that all replicas share. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table callbridge.budgets (
      account text not null,
      vendor text not null,
      limit_max int not null,
      window_ms int not null,
      -- When each token of the current window was taken, oldest first: an exact sliding window.
      taken timestamptz[] not null default '{}',
      -- Nobody passes before: the vendor said so, or it is failing.
      blocked_until timestamptz,
      failures int not null default 0,
      -- How often the breaker has opened since the last success.
      opened int not null default 0,
      primary key (account, vendor)
    )`.execute(db);
}
