import { type Kysely, sql } from "kysely";

/**
 * A row of `due` belongs to the account of its event, so that each account has its share of the work, and a process leaves
 * alone what is not its accounts'. Writers need not say whose it is: the log knows.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table callbridge.due add column account text not null default ''`.execute(db);
  await sql`
    update callbridge.due d set account = e.account from callbridge.events e where e.position = d.position`.execute(db);
  await sql`
    create function callbridge.due_account() returns trigger language plpgsql as $$
    begin
      new.account := coalesce((select e.account from callbridge.events e where e.position = new.position), '');
      return new;
    end
    $$`.execute(db);
  await sql`
    create trigger due_account before insert or update of position on callbridge.due
    for each row execute function callbridge.due_account()`.execute(db);
  await sql`create index due_of_account on callbridge.due (consumer, account, at) where at is not null`.execute(db);
  await sql`drop index callbridge.due_at`.execute(db);
}
