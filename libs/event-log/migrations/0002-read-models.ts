import { type Kysely, sql } from "kysely";

/**
 * Tables that tell the state of calls, writes and contacts, kept by libs/read-models and rebuilt from the log at any time,
 * and the views that analysts read (docs/analytics.md). Nothing in them is personal: a phone is a keyed hash.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table callbridge.projections (
      name text primary key,
      position bigint not null
    )`.execute(db);
  await sql`insert into callbridge.projections (name, position) values ('read-models', 0)`.execute(db);

  // One row per call, whatever ids it is known by. subject is the stream that its first event was written to.
  await sql`
    create table callbridge.calls (
      account text not null,
      subject text not null,
      streams text[] not null,
      call_id text,
      call_uuid text,
      called_at timestamptz not null,
      direction text,
      outcome text,
      identified text,
      ended boolean not null,
      started_at timestamptz,
      answered_at timestamptz,
      ended_at timestamptz,
      talking_seconds double precision,
      waiting_seconds double precision,
      voicemail boolean,
      withheld boolean,
      agent_id text,
      cloudtalk_contact_id text,
      phone_hash text,
      recording text,
      recording_because text,
      transcript text,
      transcript_because text,
      analysis text,
      analysis_because text,
      call_type text,
      call_result text,
      sentiment text,
      score double precision,
      language text,
      match text,
      match_because text,
      ghl_contact_id text,
      in_crm boolean not null,
      note text,
      note_id text,
      noted_at timestamptz,
      call_log text,
      call_log_id text,
      fields text,
      erased boolean not null,
      first_at timestamptz not null,
      over_at timestamptz,
      last_at timestamptz not null,
      first_position bigint not null,
      last_position bigint not null,
      primary key (account, subject)
    )`.execute(db);
  await sql`
    create index calls_phone on callbridge.calls (account, phone_hash, called_at)
    where phone_hash is not null`.execute(db);
  await sql`
    create index calls_contact on callbridge.calls (account, ghl_contact_id)
    where ghl_contact_id is not null`.execute(db);
  await sql`create index calls_called_at on callbridge.calls (called_at)`.execute(db);

  await sql`
    create table callbridge.effects (
      account text not null,
      effect text not null,
      subject text not null,
      kind text not null,
      target text not null,
      revision double precision not null,
      state text not null,
      attempts int not null,
      host text,
      vendor_id text,
      how text,
      status int,
      because text,
      intended_at timestamptz not null,
      attempted_at timestamptz,
      ended_at timestamptz,
      first_position bigint not null,
      last_position bigint not null,
      primary key (account, effect)
    )`.execute(db);
  await sql`create index effects_subject on callbridge.effects (account, subject)`.execute(db);

  await sql`
    create table callbridge.contacts (
      account text not null,
      ghl_contact_id text not null,
      cloudtalk_contact_ids text[] not null,
      linked_at timestamptz,
      calls int not null,
      calls_in_crm int not null,
      first_call_at timestamptz,
      last_call text,
      last_call_at timestamptz,
      last_direction text,
      last_outcome text,
      heard_of_at timestamptz,
      primary key (account, ghl_contact_id)
    )`.execute(db);

  // Every delivery of a call is sealed under a key of the call's streams, also a duplicate that brought no event.
  await sql`create index inbox_body_key on callbridge.inbox (body_key)`.execute(db);

  // A call has two names. Without this PostgreSQL expects a thousand and reads the whole log to load one call (55,000
  // events: 35 ms instead of 1.4 ms, and growing with the log).
  await sql`alter function callbridge.linked_streams(text, text) rows 2`.execute(db);

  for (const statement of [...forgetting, ...views]) await sql.raw(statement).execute(db);
}

/**
 * Destroying a key is no event, so the hash of the phone has to go with it. The lock keeps a projection that has read the
 * key, and not yet written what it read, from bringing the hash back.
 */
const forgetting = [
  `create function callbridge.wait_for_projection() returns trigger language plpgsql as $$
  begin
    perform pg_advisory_xact_lock(hashtext('callbridge.read-models'));
    return null;
  end
  $$`,
  `create trigger stream_keys_wait before update on callbridge.stream_keys
  for each statement execute function callbridge.wait_for_projection()`,
  `create function callbridge.forget_erased() returns trigger language plpgsql as $$
  begin
    update callbridge.calls c set phone_hash = null, erased = true
    from (
      select distinct k.account, linked.stream
      from changed k
      join callbridge.events e on e.account = k.account and e.stream = k.stream and e.personal_key = k.id
      cross join lateral callbridge.linked_streams(k.account, k.stream) as linked(stream)
      where k.wrapped is null) gone
    where c.account = gone.account and c.subject = gone.stream;
    return null;
  end
  $$`,
  `create trigger stream_keys_forget after update on callbridge.stream_keys
  referencing new table as changed for each statement execute function callbridge.forget_erased()`,
];

/** Column by column, so that what analysts see does not change when a table does. Views only ever gain columns. */
const views = [
  "create schema callbridge_views",
  // A row of due names the event it is about; whose call that is, the links say. Bookmarks of commands are nobody's work.
  `create view callbridge_views.waiting as
    select e.account, c.subject, d.consumer, split_part(d.key, '/', 1) as reaction, d.at, d.attempt, d.because,
      d.claim is not null as in_hand, d.position, e.type as event_type, d.updated_at as since
    from callbridge.due d
    left join callbridge.events e on e.position = d.position
    left join lateral (
      select c.subject from callbridge.calls c
      where c.account = e.account and c.subject in (select callbridge.linked_streams(e.account, e.stream))) c on true
    where d.at is not null and d.consumer <> 'cli:bookmarks'`,
  `create view callbridge_views.dead_letters as
    select e.account, c.subject, d.consumer, split_part(d.key, '/', 1) as reaction, d.key, d.attempt, d.because,
      d.position, e.type as event_type, e.stream, d.updated_at as since
    from callbridge.due d
    left join callbridge.events e on e.position = d.position
    left join lateral (
      select c.subject from callbridge.calls c
      where c.account = e.account and c.subject in (select callbridge.linked_streams(e.account, e.stream))) c on true
    where d.at is null`,
  `create view callbridge_views.calls as
    select c.account, c.subject, c.call_id, c.call_uuid, c.called_at, c.direction, c.outcome, c.identified, c.ended,
      c.started_at, c.answered_at, c.ended_at, c.talking_seconds, c.waiting_seconds, c.voicemail, c.withheld, c.agent_id,
      c.cloudtalk_contact_id, c.phone_hash, c.recording, c.recording_because, c.transcript, c.transcript_because,
      c.analysis, c.analysis_because, c.call_type, c.call_result, c.sentiment, c.score, c.language, c.match,
      c.match_because, c.ghl_contact_id, c.in_crm, c.note, c.note_id, c.noted_at, c.call_log, c.call_log_id, c.fields,
      c.erased, c.first_at, c.over_at, c.last_at, c.first_position, c.last_position,
      w.next_due_at, coalesce(x.dead_letters, 0)::int as dead_letters
    from callbridge.calls c
    left join (
      select account, subject, min(at) as next_due_at from callbridge_views.waiting
      where subject is not null group by account, subject) w on w.account = c.account and w.subject = c.subject
    left join (
      select account, subject, count(*) as dead_letters from callbridge_views.dead_letters
      where subject is not null group by account, subject) x on x.account = c.account and x.subject = c.subject`,
  `create view callbridge_views.effects as
    select account, effect, subject, kind, target, revision, state, attempts, host, vendor_id, how, status, because,
      intended_at, attempted_at, ended_at, first_position, last_position
    from callbridge.effects`,
  `create view callbridge_views.contacts as
    select account, ghl_contact_id, cloudtalk_contact_ids, linked_at, calls, calls_in_crm, first_call_at, last_call,
      last_call_at, last_direction, last_outcome, heard_of_at
    from callbridge.contacts`,
  `create view callbridge_views.deliveries as
    select i.account, i.id, i.source, i.endpoint, i.received_at, i.verdict, i.because, i.delivery_id,
      case when k.stream not like 'inbox:%' then k.stream end as stream
    from callbridge.inbox i left join callbridge.stream_keys k on k.id = i.body_key`,
  `create view callbridge_views.events as
    select account, position, id, stream, type, version, time, recorded_at, source, correlation_id, causation_id, data
    from callbridge.events`,
  `create view callbridge_views.daily_calls as
    select account, (called_at at time zone 'UTC')::date as day, direction, outcome, count(*)::int as calls,
      count(*) filter (where in_crm)::int as in_crm, count(*) filter (where match = 'unmatched')::int as unmatched,
      count(*) filter (where analysis = 'done')::int as analysed, sum(talking_seconds) as talking_seconds,
      avg(score) as score
    from callbridge.calls group by 1, 2, 3, 4`,
  `create view callbridge_views.freshness as
    select p.name, p.position, h.head, h.head - p.position as behind
    from callbridge.projections p
    cross join (select coalesce(max(position), 0) as head from callbridge.events) h`,
];
