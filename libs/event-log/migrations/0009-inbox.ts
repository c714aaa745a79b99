import { type Kysely, sql } from "kysely";

/** What waits for a person is little among many events and calls, and is asked for often. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create index events_ambiguous on callbridge.events (account, stream, position)
    where type = 'contact.ambiguous'`.execute(db);
  await sql`
    create index calls_unmatched on callbridge.calls (account, cloudtalk_contact_id)
    where match = 'unmatched' and not in_crm`.execute(db);
}
