import { type Kysely, sql } from "kysely";

/** The log and what the append keeps beside it in the same transaction. PostgreSQL 15, no extension. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create schema if not exists callbridge`.execute(db);

  // Names and keys compare by bytes (collate "C"), everywhere alike and in a fraction of the time of a language's rules.
  await sql`
    create table callbridge.events (
      position bigint primary key,
      id uuid not null unique,
      account text collate "C" not null,
      stream text collate "C" not null,
      type text collate "C" not null,
      version smallint not null,
      key text collate "C" not null,
      time timestamptz not null,
      recorded_at timestamptz not null,
      source text not null,
      correlation_id text not null,
      causation_id uuid,
      traceparent text,
      data jsonb not null,
      personal bytea,
      personal_key uuid,
      unique (key, account)
    )`.execute(db);
  await sql`create index events_stream on callbridge.events (account, stream, position)`.execute(db);
  await sql`
    create index events_effect_target on callbridge.events ((data->>'target'), account, position)
    where type like 'effect.%'`.execute(db);

  // One wrapped key per stream and process that first wrote there; destroying all of them erases the stream's personal data.
  await sql`
    create table callbridge.stream_keys (
      id uuid primary key,
      account text collate "C" not null,
      stream text collate "C" not null,
      wrapped bytea
    )`.execute(db);
  await sql`create index stream_keys_stream on callbridge.stream_keys (account, stream)`.execute(db);

  // Both directions of every link, so that the streams of one subject are found by walking from any of them.
  await sql`
    create table callbridge.stream_links (
      account text collate "C" not null,
      stream text collate "C" not null,
      other text collate "C" not null,
      position bigint not null,
      primary key (account, stream, other)
    )`.execute(db);

  // The last report of each entity, for keys that depend on what was reported before.
  await sql`
    create table callbridge.reports (
      account text collate "C" not null,
      entity text collate "C" not null,
      content text not null,
      turn bigint not null,
      received_at timestamptz not null,
      primary key (account, entity)
    )`.execute(db);

  await sql`
    create table callbridge.inbox (
      id uuid primary key,
      account text collate "C" not null,
      source text collate "C" not null,
      endpoint text not null,
      delivery_id text collate "C",
      received_at timestamptz not null,
      verdict text not null,
      because text,
      body bytea,
      body_key uuid
    )`.execute(db);
  await sql`
    create unique index inbox_delivery on callbridge.inbox (account, source, delivery_id)
    where delivery_id is not null`.execute(db);
  await sql`create index inbox_received on callbridge.inbox (received_at)`.execute(db);

  // Timers, scheduled retries and dead letters of every consumer. at is null: dead. claim is set while somebody works on
  // the row; runs counts claims that nobody has answered for since: after a few of them the row is killing its workers.
  await sql`
    create table callbridge.due (
      consumer text not null,
      key text not null,
      position bigint not null,
      at timestamptz,
      attempt int not null,
      because text not null,
      updated_at timestamptz not null,
      claim uuid,
      runs int not null default 0,
      primary key (consumer, key)
    )`.execute(db);
  await sql`create index due_at on callbridge.due (consumer, at) where at is not null`.execute(db);

  await sql`
    create table callbridge.leases (
      key text primary key,
      owner text not null,
      until timestamptz not null
    )`.execute(db);

  // Low-water mark of each consumer: every event up to it is acked, due or dead.
  await sql`
    create table callbridge.marks (
      consumer text primary key,
      position bigint not null,
      saved_at timestamptz not null
    )`.execute(db);

  await sql`
    create function callbridge.linked_streams(p_account text, p_stream text) returns setof text
    language sql stable as $$
      with recursive linked(stream) as (
        select p_stream collate "C"
        union
        select o.other from linked cross join lateral (select l.other from callbridge.stream_links l
          where l.account = p_account and l.stream = linked.stream offset 0) o
      )
      select stream from linked
    $$`.execute(db);

  await sql.raw(appendFunction).execute(db);
}

/**
 * The append. plpgsql, because each inner statement takes its snapshot after the lock was granted; one SQL statement that
 * locks and inserts takes it before, and then sees neither the last position nor the last keys.
 *
 * Every look-up of stored rows is a lateral with `offset 0` and no sequential scan is allowed: one index probe for each row
 * of the request. A plain join gets a plan while the tables are small, keeps it, and then reads the whole log at every append
 * (measured: 259 webhooks a second instead of thousands). Events are looked up by key alone, because in an empty table the
 * planner cannot tell (account, key) from (account, stream). What a request does not have costs no statement.
 */
const appendFunction = `
create function callbridge.append(p jsonb) returns jsonb language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set jit = off as $$
declare
  now_ timestamptz := (p->>'now')::timestamptz;
  events_ jsonb := coalesce(p->'events', '[]');
  deliveries_ jsonb := p->'deliveries';
  keys_ text[];
  head bigint;
  added bigint;
  repeats bigint[];
  repeated jsonb;
  brought uuid[];
  verdicts jsonb;
  seen uuid[];
  e record;
begin
  perform pg_advisory_xact_lock(hashtext('callbridge.append'));

  -- A delivery that was stored before brings nothing new, also twice in one batch.
  if jsonb_path_exists(deliveries_, '$[*].deliveryId') then
    with given as materialized (
      select d.*, row_number() over (partition by account, source, "deliveryId" order by id) as nth
      from jsonb_to_recordset(deliveries_) as d(id uuid, account text, source text, "deliveryId" text)
      where d."deliveryId" is not null)
    select array_agg(g.id) into seen from given g
      left join lateral (select true as stored from callbridge.inbox i
        where i.account = g.account and i.source = g.source and i.delivery_id = g."deliveryId" offset 0) i on true
      where g.nth > 1 or i.stored;
    if seen is not null then
      select coalesce(jsonb_agg(value order by ord), '[]') into events_
        from jsonb_array_elements(events_) with ordinality as t(value, ord)
        where coalesce((value->>'delivery')::uuid <> all(seen), true);
    end if;
  end if;

  if jsonb_array_length(p->'expect') > 0 then
    for e in select * from jsonb_to_recordset(p->'expect') as x(account text, stream text, position bigint) loop
      if exists (select from callbridge.linked_streams(e.account, e.stream) as l(stream)
        cross join lateral (select from callbridge.events v
          where v.account = e.account and v.stream = l.stream and v.position > e.position limit 1) v) then
        raise exception 'stream % moved on', e.stream using errcode = 'CB001';
      end if;
    end loop;
  end if;

  if jsonb_array_length(p->'keys') > 0 then
    insert into callbridge.stream_keys (id, account, stream, wrapped)
      select k.id, k.account, k.stream, decode(k.wrapped, 'base64')
      from jsonb_to_recordset(p->'keys') as k(id uuid, account text, stream text, wrapped text)
      on conflict (id) do nothing;
  end if;
  if exists (select from jsonb_array_elements_text(p->'usedKeys') as u(id)
    cross join lateral (select k.wrapped from callbridge.stream_keys k where k.id = u.id::uuid offset 0) k
    where k.wrapped is null) then
    raise exception 'a key of this append was destroyed' using errcode = 'CB002';
  end if;

  -- Keys that depend on the report before: a repeat gets the key of the event it repeats.
  if jsonb_path_exists(events_, '$[*].mode') then
    declare
      i int := 0;
      entity_ text;
      last_ record;
      turn_ bigint;
    begin
      for e in select * from jsonb_to_recordset(events_) as x(account text, entity text, content text, mode text) loop
        i := i + 1;
        if e.mode is not null then
          entity_ := case e.mode when 'repeat' then e.entity || ':' || e.content else e.entity end;
          select * into last_ from callbridge.reports r where r.account = e.account and r.entity = entity_;
          if last_.entity is null then turn_ := 1;
          elsif e.mode = 'repeat' and now_ - last_.received_at <= interval '10 minutes' then turn_ := last_.turn;
          elsif e.mode = 'state' and last_.content = e.content then turn_ := last_.turn;
          else turn_ := last_.turn + 1;
          end if;
          insert into callbridge.reports (account, entity, content, turn, received_at)
            values (e.account, entity_, e.content, turn_, now_)
            on conflict (account, entity) do update
            set content = excluded.content, turn = excluded.turn, received_at = excluded.received_at;
          keys_[i] := e.entity || '#' || turn_ || ':' || e.content;
        end if;
      end loop;
    end;
  end if;

  -- Which of them the log has already, and which repeat an earlier one of this request.
  with given as materialized (
    select t.ord, t.account, coalesce(keys_[t.ord], t.key) as key
    from rows from (jsonb_to_recordset(events_) as (account text, key text)) with ordinality as t(account, key, ord))
  select array_agg(g.ord) into repeats from given g
    join (select account, key, min(ord) as ord from given group by account, key) first
      on first.account = g.account and first.key = g.key
    left join lateral (select v.account from callbridge.events v where v.key = g.key offset 0) v on v.account = g.account
    where v.account is not null or g.ord > first.ord;

  select coalesce(max(position), 0) into head from callbridge.events;
  insert into callbridge.events (position, id, account, stream, type, version, key, time, recorded_at, source,
      correlation_id, causation_id, traceparent, data, personal, personal_key)
    select head + t.ord - case when repeats is null then 0 else (select count(*) from unnest(repeats) r where r < t.ord) end,
      t.id, t.account, t.stream, t.type, t.version, coalesce(keys_[t.ord], t.key), t.time, now_, t.source,
      t.correlation_id, t.causation_id, t.traceparent, t.data, decode(t.personal, 'base64'), t.personal_key
    from rows from (jsonb_to_recordset(events_) as (id uuid, account text, stream text, type text, version smallint,
      key text, time timestamptz, source text, "correlationId" text, "causationId" uuid, traceparent text, data jsonb,
      personal text, "personalKey" uuid)) with ordinality
      as t(id, account, stream, type, version, key, time, source, correlation_id, causation_id, traceparent, data,
        personal, personal_key, ord)
    where repeats is null or t.ord <> all(repeats);
  get diagnostics added = row_count;

  -- The events that are repeated, by the repeat's place in the request: all else of the answer the caller knows.
  if repeats is not null then
    select jsonb_object_agg(t.ord - 1, jsonb_build_object('id', v.id, 'position', v.position, 'stream', v.stream, 'type', v.type))
      into repeated
      from rows from (jsonb_to_recordset(events_) as (account text, key text)) with ordinality as t(account, key, ord)
      cross join lateral (select v.account, v.id, v.position, v.stream, v.type from callbridge.events v
        where v.key = coalesce(keys_[t.ord], t.key) offset 0) v
      where t.ord = any(repeats) and v.account = t.account;
  end if;

  if added > 0 and jsonb_path_exists(events_, '$[*].links') then
    insert into callbridge.stream_links (account, stream, other, position)
      select v.account, l.one, l.other, v.position
      from jsonb_array_elements(events_) as t(value)
      cross join lateral (select v.account, v.position from callbridge.events v
        where v.id = (t.value->>'id')::uuid offset 0) v
      cross join jsonb_array_elements(t.value->'links') as pair
      cross join lateral (values (pair->>0, pair->>1), (pair->>1, pair->>0)) as l(one, other)
      on conflict do nothing;
  end if;

  if jsonb_array_length(deliveries_) > 0 then
    select array_agg(t.delivery) into brought
      from rows from (jsonb_to_recordset(events_) as (delivery uuid)) with ordinality as t(delivery, ord)
      where repeats is null or t.ord <> all(repeats);
    with stored as (
      insert into callbridge.inbox (id, account, source, endpoint, delivery_id, received_at, verdict, because, body, body_key)
      select d.id, d.account, d.source, d.endpoint, case when r.known then null else d."deliveryId" end, now_,
        case when r.known then 'duplicate'
          when d.verdict = 'accepted' and not coalesce(d.id = any(brought), false) then 'duplicate'
          else d.verdict end,
        d.because, decode(d.body, 'base64'), d."bodyKey"
      from jsonb_to_recordset(deliveries_) as d(id uuid, account text, source text, endpoint text, "deliveryId" text,
        verdict text, because text, body text, "bodyKey" uuid)
      cross join lateral (select coalesce(d.id = any(seen), false)) as r(known)
      returning id, verdict)
    select coalesce(jsonb_object_agg(id, verdict), '{}') into verdicts from stored;
  end if;

  if jsonb_array_length(p->'due') > 0 then
    insert into callbridge.due (consumer, key, position, at, attempt, because, updated_at)
      select d.consumer, d.key, d.position, d.at, d.attempt, d.because, now_
      from jsonb_to_recordset(p->'due') as d(consumer text, key text, position bigint, at timestamptz, attempt int, because text)
      on conflict (consumer, key) do update set position = excluded.position, at = excluded.at, attempt = excluded.attempt,
        because = excluded.because, updated_at = excluded.updated_at, claim = null, runs = 0;
  end if;

  if added > 0 then
    perform pg_notify('callbridge', (head + added)::text);
  end if;
  return jsonb_build_object('head', head, 'repeated', repeated, 'seen', seen, 'verdicts', verdicts);
end
$$`;
