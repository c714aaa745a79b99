import { type Kysely, sql } from "kysely";

/** `contact.unlinked` parts two streams in the transaction that appends it. Its condition costs other events nothing. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function callbridge.unlink() returns trigger language plpgsql as $$
    declare
      one text := 'contact:ct:' || (new.data->>'cloudtalkContactId');
      other_ text := 'contact:ghl:' || (new.data->>'ghlContactId');
    begin
      delete from callbridge.stream_links l
        where l.account = new.account and ((l.stream = one and l.other = other_) or (l.stream = other_ and l.other = one));
      return null;
    end
    $$`.execute(db);
  await sql`
    create trigger events_unlink after insert on callbridge.events
    for each row when (new.type = 'contact.unlinked') execute function callbridge.unlink()`.execute(db);
}
