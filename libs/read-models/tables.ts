import type { Database } from "@callbridge/event-log";
import { sql } from "kysely";
import type { CallRow } from "./call-row.ts";
import type { EffectRow } from "./effect-rows.ts";

export type StreamName = { account: string; stream: string };
export type ContactName = { account: string; id: string };

/** Until the end of the transaction nobody else projects or erases. The name is also in migration 0002. */
export async function lockProjection(db: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('callbridge.read-models'))`.execute(db);
}

/** A process that is paused in the middle must not hold up the others for ever. */
export async function limitIdleTransaction(db: Database): Promise<void> {
  await sql`set local idle_in_transaction_session_timeout = '30s'`.execute(db);
}

export async function readPosition(db: Database): Promise<number> {
  const { rows } = await sql<{ position: number }>`
    select position from callbridge.projections where name = 'read-models'`.execute(db);
  return rows[0]?.position ?? 0;
}

export async function savePosition(db: Database, position: number): Promise<void> {
  await sql`update callbridge.projections set position = ${position} where name = 'read-models'`.execute(db);
}

export async function emptyTables(db: Database): Promise<void> {
  await sql`truncate callbridge.calls, callbridge.effects, callbridge.contacts`.execute(db);
}

/** For each stream all names of its subject, itself included. */
export async function linkedStreams(db: Database, names: readonly StreamName[]): Promise<string[][]> {
  const { rows } = await sql<{ streams: string[] }>`
    select array(select callbridge.linked_streams(t.account, t.stream) order by 1) as streams
    from jsonb_array_elements(${JSON.stringify(names)}::jsonb) with ordinality as n(value, ord)
    cross join lateral jsonb_to_record(n.value) as t(account text, stream text)
    order by n.ord`.execute(db);
  return rows.map(({ streams }) => streams);
}

/** Two calls that turned out to be one lose both of their rows. Gives the contacts that the rows named. */
export async function deleteCalls(db: Database, names: readonly StreamName[]): Promise<ContactName[]> {
  const { rows } = await sql<{ account: string; id: string | null }>`
    delete from callbridge.calls c
    using jsonb_to_recordset(${JSON.stringify(names)}::jsonb) as t(account text, stream text)
    where c.account = t.account and c.subject = t.stream
    returning c.account, c.ghl_contact_id as id`.execute(db);
  return rows.flatMap(({ account, id }) => (id === null ? [] : [{ account, id }]));
}

export async function insertCalls(db: Database, calls: readonly CallRow[]): Promise<void> {
  await sql`
    insert into callbridge.calls
    select * from jsonb_populate_recordset(null::callbridge.calls, ${JSON.stringify(calls)}::jsonb)`.execute(db);
}

export async function writeEffects(db: Database, effects: readonly EffectRow[]): Promise<void> {
  const json = JSON.stringify(effects);
  await sql`
    delete from callbridge.effects e
    using jsonb_to_recordset(${json}::jsonb) as t(account text, effect text)
    where e.account = t.account and e.effect = t.effect`.execute(db);
  await sql`
    insert into callbridge.effects
    select * from jsonb_populate_recordset(null::callbridge.effects, ${json}::jsonb)`.execute(db);
}

/** Contacts are told by their own events and by the calls that were matched to them; who has neither is no row. */
export async function refreshContacts(db: Database, names: readonly ContactName[]): Promise<void> {
  const json = JSON.stringify(names);
  await sql`
    delete from callbridge.contacts c
    using jsonb_to_recordset(${json}::jsonb) as t(account text, id text)
    where c.account = t.account and c.ghl_contact_id = t.id`.execute(db);
  await sql`
    insert into callbridge.contacts (account, ghl_contact_id, cloudtalk_contact_ids, linked_at, calls, calls_in_crm,
      first_call_at, last_call, last_call_at, last_direction, last_outcome, heard_of_at)
    select t.account, t.id, coalesce(link.ids, '{}'), link.at, coalesce(total.calls, 0), coalesce(total.in_crm, 0),
      total.first_at, latest.subject, latest.called_at, latest.direction, latest.outcome, heard.at
    from (select distinct account, id from jsonb_to_recordset(${json}::jsonb) as n(account text, id text)) t
    left join lateral (
      select array_agg(e.data->>'cloudtalkContactId' order by e.position) as ids, min(e.recorded_at) as at
      from callbridge.events e
      where e.account = t.account and e.stream = 'contact:ghl:' || t.id and e.type = 'contact.linked'
        and not exists (select from callbridge.events u
          where u.account = e.account and u.stream = e.stream and u.type = 'contact.unlinked' and u.position > e.position
            and u.data->>'cloudtalkContactId' = e.data->>'cloudtalkContactId')) link on true
    left join lateral (
      select max(e.recorded_at) as at from callbridge.events e
      where e.account = t.account and e.stream = 'contact:ghl:' || t.id) heard on true
    left join lateral (
      select count(*)::int as calls, count(*) filter (where c.in_crm)::int as in_crm, min(c.called_at) as first_at
      from callbridge.calls c where c.account = t.account and c.ghl_contact_id = t.id) total on true
    left join lateral (
      select c.subject, c.called_at, c.direction, c.outcome from callbridge.calls c
      where c.account = t.account and c.ghl_contact_id = t.id
      order by c.called_at desc, c.subject limit 1) latest on true
    where heard.at is not null or total.calls > 0`.execute(db);
}
