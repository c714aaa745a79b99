import { sql } from "kysely";
import type { Database } from "./database.ts";
import type { DeadFilter } from "./dead.ts";

/**
 * A write to a vendor that was given up (`failed`) or of which nobody knows whether it happened (`unknown`). One that was
 * intended anew, or that a newer write to the same target has superseded, is no longer among them.
 */
export type BadEnd = {
  id: string;
  account: string;
  effect: string;
  kind: string;
  target: string;
  revision: number;
  stream: string;
  end: "failed" | "unknown";
  because: string;
  consumer: string;
  /** Of the event that says so. */
  position: number;
  eventId: string;
  endedAt: Date;
  correlationId: string;
};

/** Writes that ended badly, in order of position. `consumer` is the service that says so, `types` are types of events. */
export async function listBadEnds(
  db: Database,
  { ids, consumer, types, since, until, error }: DeadFilter,
  after: number,
  limit: number,
): Promise<BadEnd[]> {
  const begins = ids?.length ? ids : null;
  const only = types?.length ? types : null;
  const { rows } = await sql<BadEnd>`
    select n.id, w.account, i.data->>'effect' as effect, i.data->>'kind' as kind, i.data->>'target' as target,
      (i.data->>'revision')::float8 as revision, i.stream, split_part(w.type, '.', 2) as end, w.data->>'because' as because,
      w.source as consumer, w.position, w.id as "eventId", w.recorded_at as "endedAt", w.correlation_id as "correlationId"
    from callbridge.events w
    cross join lateral (select left(md5(w.account || ' ' || (w.data->>'effect')), 10) as id) n
    join callbridge.events i on i.account = w.account and i.key = 'effect:' || (w.data->>'effect') || '/intended'
    where w.type in ('effect.failed', 'effect.unknown') and (w.type = 'effect.unknown' or (w.type = 'effect.failed' and (w.data->>'final')::boolean))
      and w.position > ${after}
      and (${begins}::text[] is null or exists (select from unnest(${begins}::text[]) as t(begin) where starts_with(n.id, t.begin)))
      and (${consumer ?? null}::text is null or w.source = ${consumer ?? null}::text)
      and (${only}::text[] is null or w.type = any(${only}::text[]))
      and (${since ?? null}::timestamptz is null or w.recorded_at >= ${since ?? null}::timestamptz)
      and (${until ?? null}::timestamptz is null or w.recorded_at < ${until ?? null}::timestamptz)
      and (${error ?? null}::text is null or position(lower(${error ?? null}::text) in lower(w.data->>'because')) > 0)
      and not exists (
        select from callbridge.events o
        where o.account = w.account and o.type like 'effect.%' and o.data->>'target' = i.data->>'target'
          and o.type = 'effect.intended' and (
            (o.data->>'revision')::float8 > (i.data->>'revision')::float8
            or o.data->>'effect' = regexp_replace(i.data->>'effect', ':redrive:[0-9]+$', '') || ':redrive:'
              || (coalesce(substring(i.data->>'effect' from ':redrive:([0-9]+)$'), '0')::int + 1)))
    order by w.position limit ${limit}`.execute(db);
  return rows;
}
