import { type Kysely, sql } from "kysely";

/** The append takes columns instead of rows in JSON. `callbridge.append(jsonb)` stays for processes of the version before. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(appendFunction).execute(db);
}

/**
 * What 0001 says of the append holds here: the lock comes first, every look-up of stored rows is a lateral with `offset 0`.
 * A request comes as columns (one array each, in the order of the request), because PostgreSQL needs a third less time for
 * them than for objects in JSON; what few requests have is in `rest`. Everything sealed lies end to end in `sealed`, each
 * piece named by where it begins and how long it is. Plans are made once: making them for every append costs as much again.
 */
const appendFunction = `
create or replace function callbridge.append_columns(now_ timestamptz, version_ int, rest jsonb, sealed bytea,
  ids uuid[], accounts text[], streams text[], types text[], keys text[], times timestamptz[], sources text[],
  correlations text[], causations uuid[], traceparents text[], contents jsonb, personal_from int[], personal_for int[],
  personal_keys uuid[], brought_by uuid[],
  key_ids uuid[], key_accounts text[], key_streams text[], key_from int[], key_for int[], used_keys uuid[],
  delivery_ids uuid[], delivery_accounts text[], delivery_sources text[], delivery_endpoints text[],
  delivery_vendor_ids text[], delivery_verdicts text[], delivery_becauses text[], body_from int[], body_for int[],
  body_keys uuid[])
returns jsonb language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set jit = off set plan_cache_mode = force_generic_plan as $$
declare
  head bigint;
  added bigint := 0;
  -- Places in the request: of events that a delivery seen before brings, of events that repeat earlier ones, and of both.
  skipped bigint[];
  repeats bigint[];
  left_out bigint[];
  repeated jsonb;
  seen uuid[];
  brought uuid[];
  duplicates uuid[];
  r record;
begin
  perform pg_advisory_xact_lock(hashtext('callbridge.append'));

  -- A delivery that was stored before brings nothing new, also twice in one request.
  if array_remove(delivery_vendor_ids, null) <> '{}' then
    with given as materialized (
      select d.*, row_number() over (partition by account, source, vendor_id order by ord) as nth
      from unnest(delivery_ids, delivery_accounts, delivery_sources, delivery_vendor_ids) with ordinality
        as d(id, account, source, vendor_id, ord)
      where d.vendor_id is not null)
    select array_agg(g.id) into seen from given g
      left join lateral (select true as stored from callbridge.inbox i
        where i.account = g.account and i.source = g.source and i.delivery_id = g.vendor_id offset 0) i on true
      where g.nth > 1 or i.stored;
    select array_agg(t.ord) into skipped from unnest(brought_by) with ordinality as t(delivery, ord)
      where t.delivery = any(seen);
  end if;

  if jsonb_array_length(rest->'expect') > 0 then
    for r in select * from jsonb_to_recordset(rest->'expect') as x(account text, stream text, position bigint) loop
      if exists (select from callbridge.linked_streams(r.account, r.stream) as l(stream)
        cross join lateral (select from callbridge.events v
          where v.account = r.account and v.stream = l.stream and v.position > r.position limit 1) v) then
        raise exception 'stream % moved on', r.stream using errcode = 'CB001';
      end if;
    end loop;
  end if;

  if cardinality(key_ids) > 0 then
    insert into callbridge.stream_keys (id, account, stream, wrapped)
      select k.id, k.account, k.stream, substring(sealed from k.start for k.length)
      from unnest(key_ids, key_accounts, key_streams, key_from, key_for) as k(id, account, stream, start, length)
      on conflict (id) do nothing;
  end if;
  if exists (select from unnest(used_keys) as u(id)
    cross join lateral (select k.wrapped from callbridge.stream_keys k where k.id = u.id offset 0) k
    where k.wrapped is null) then
    raise exception 'a key of this append was destroyed' using errcode = 'CB002';
  end if;

  -- Keys that depend on the report before: a repeat gets the key of the event it repeats.
  if jsonb_array_length(rest->'reports') > 0 then
    declare
      account_ text;
      entity_ text;
      last_ record;
      turn_ bigint;
    begin
      for r in select * from jsonb_to_recordset(rest->'reports') as x(ord int, entity text, content text, mode text) loop
        continue when r.ord = any(skipped);
        account_ := accounts[r.ord];
        entity_ := case r.mode when 'repeat' then r.entity || ':' || r.content else r.entity end;
        select * into last_ from callbridge.reports p where p.account = account_ and p.entity = entity_;
        if last_.entity is null then turn_ := 1;
        elsif r.mode = 'repeat' and now_ - last_.received_at <= interval '10 minutes' then turn_ := last_.turn;
        elsif r.mode = 'state' and last_.content = r.content then turn_ := last_.turn;
        else turn_ := last_.turn + 1;
        end if;
        insert into callbridge.reports (account, entity, content, turn, received_at)
          values (account_, entity_, r.content, turn_, now_)
          on conflict (account, entity) do update
          set content = excluded.content, turn = excluded.turn, received_at = excluded.received_at;
        keys[r.ord] := r.entity || '#' || turn_ || ':' || r.content;
      end loop;
    end;
  end if;

  select coalesce(max(position), 0) into head from callbridge.events;
  if cardinality(ids) > 0 then
    -- Which of them the log has already, and which repeat an earlier one of this request.
    select array_agg(g.ord) into repeats from (
        select t.*, row_number() over (partition by t.key, t.account order by t.ord) as nth
        from unnest(accounts, keys) with ordinality as t(account, key, ord)
        where skipped is null or t.ord <> all(skipped)) g
      left join lateral (select v.account from callbridge.events v where v.key = g.key offset 0) v on v.account = g.account
      where v.account is not null or g.nth > 1;
    left_out := skipped || repeats;

    insert into callbridge.events (position, id, account, stream, type, version, key, time, recorded_at, source,
        correlation_id, causation_id, traceparent, data, personal, personal_key)
      select head + row_number() over (order by t.ord), t.id, t.account, t.stream, t.type, version_, t.key, t.time, now_,
        t.source, t.correlation_id, t.causation_id, t.traceparent, t.data, substring(sealed from t.start for t.length),
        t.personal_key
      from rows from (
          unnest(ids, accounts, streams, types, keys, times, sources, correlations, causations, traceparents,
            personal_from, personal_for, personal_keys),
          jsonb_array_elements(contents)) with ordinality
        as t(id, account, stream, type, key, time, source, correlation_id, causation_id, traceparent,
          start, length, personal_key, data, ord)
      where left_out is null or t.ord <> all(left_out);
    get diagnostics added = row_count;

    -- The events that are repeated, by the repeat's place in the request: all else of the answer the caller knows.
    if repeats is not null then
      select jsonb_object_agg(t.ord - 1, jsonb_build_object('id', v.id, 'position', v.position, 'stream', v.stream, 'type', v.type))
        into repeated
        from unnest(accounts, keys) with ordinality as t(account, key, ord)
        cross join lateral (select v.account, v.id, v.position, v.stream, v.type from callbridge.events v
          where v.key = t.key offset 0) v
        where t.ord = any(repeats) and v.account = t.account;
    end if;
  end if;

  if added > 0 and jsonb_array_length(rest->'links') > 0 then
    insert into callbridge.stream_links (account, stream, other, position)
      select v.account, l.one, l.other, v.position
      from jsonb_to_recordset(rest->'links') as t(id uuid, one text, other text)
      cross join lateral (select v.account, v.position from callbridge.events v where v.id = t.id offset 0) v
      cross join lateral (values (t.one, t.other), (t.other, t.one)) as l(one, other)
      on conflict do nothing;
  end if;

  if cardinality(delivery_ids) > 0 then
    select array_agg(t.delivery) into brought from unnest(brought_by) with ordinality as t(delivery, ord)
      where left_out is null or t.ord <> all(left_out);
    with stored as (
      insert into callbridge.inbox (id, account, source, endpoint, delivery_id, received_at, verdict, because, body, body_key)
      select d.id, d.account, d.source, d.endpoint, case when k.known then null else d.vendor_id end, now_,
        case when k.known then 'duplicate'
          when d.verdict = 'accepted' and not coalesce(d.id = any(brought), false) then 'duplicate'
          else d.verdict end,
        d.because, substring(sealed from d.start for d.length), d.body_key
      from unnest(delivery_ids, delivery_accounts, delivery_sources, delivery_endpoints, delivery_vendor_ids,
          delivery_verdicts, delivery_becauses, body_from, body_for, body_keys)
        as d(id, account, source, endpoint, vendor_id, verdict, because, start, length, body_key)
      cross join lateral (select coalesce(d.id = any(seen), false)) as k(known)
      returning id, verdict)
    select array_agg(id) into duplicates from stored where verdict = 'duplicate';
  end if;

  if jsonb_array_length(rest->'due') > 0 then
    insert into callbridge.due (consumer, key, position, at, attempt, because, updated_at)
      select d.consumer, d.key, d.position, d.at, d.attempt, d.because, now_
      from jsonb_to_recordset(rest->'due') as d(consumer text, key text, position bigint, at timestamptz, attempt int, because text)
      on conflict (consumer, key) do update set position = excluded.position, at = excluded.at, attempt = excluded.attempt,
        because = excluded.because, updated_at = excluded.updated_at, claim = null, runs = 0;
  end if;

  if added > 0 then
    perform pg_notify('callbridge', (head + added)::text);
  end if;
  return jsonb_build_object('head', head, 'repeated', repeated, 'seen', seen, 'duplicates', duplicates);
end
$$`;
