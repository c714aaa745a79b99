import { type Kysely, sql } from "kysely";

/** Secrets that vendors give a running installation, such as tokens: sealed, so that a dump of the database opens no door. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table callbridge.vault (
      account text not null,
      name text not null,
      sealed bytea not null,
      updated_at timestamptz not null,
      primary key (account, name)
    )`.execute(db);
}
