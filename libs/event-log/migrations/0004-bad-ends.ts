import { type Kysely, sql } from "kysely";

/** Writes that ended badly are few among many events, and people ask for them often. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create index events_bad_ends on callbridge.events (position)
    where type in ('effect.failed', 'effect.unknown')`.execute(db);
}
