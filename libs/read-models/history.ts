import { bookmarkConsumer, type Database, type EventLog } from "@callbridge/event-log";
import type { LogEvent } from "@callbridge/events";
import { sql } from "kysely";

/** A webhook as it was received, without its body. */
export type Delivery = {
  id: string;
  source: string;
  endpoint: string;
  receivedAt: Date;
  verdict: string;
  because: string | null;
};

/** A timer, a retry or (`at` is null) a dead letter of a consumer about one event. */
export type Waiting = {
  consumer: string;
  key: string;
  position: number;
  at: Date | null;
  attempt: number;
  because: string;
  /** Somebody works on it now; `at` is when it comes back if they die. */
  inHand: boolean;
};

/** Everything that is known of one call: what explains it is a function of this alone. */
export type CallHistory = {
  account: string;
  subject: string;
  /** In order of position, with personal data. */
  events: LogEvent[];
  deliveries: Delivery[];
  waiting: Waiting[];
  /** How far each consumer is done with the log. Absent: it was never started. */
  marks: Record<string, number>;
};

export async function callHistory(
  db: Database,
  log: EventLog,
  { account, subject }: { account: string; subject: string },
): Promise<CallHistory> {
  const { events } = await log.stream(account, subject);
  const positions = events.map(({ position }) => position);
  const [deliveries, waiting, marks] = [
    await deliveriesOf(
      db,
      account,
      subject,
      [...new Set(events.map(({ correlationId }) => correlationId))].filter(isUuid),
    ),
    await waitingAt(db, positions),
    await log.marks(),
  ];
  return {
    account,
    subject,
    events,
    deliveries,
    waiting,
    marks: Object.fromEntries(marks.map(({ consumer, position }) => [consumer, position])),
  };
}

/** What no webhook began (a sweep, an import) has a correlation id that is no delivery's. */
const isUuid = (text: string) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text);

/** What brought events, and what is sealed under the call's keys: repeats bring none. */
async function deliveriesOf(
  db: Database,
  account: string,
  subject: string,
  correlationIds: string[],
): Promise<Delivery[]> {
  const { rows } = await sql<Delivery>`
    select i.id, i.source, i.endpoint, i.received_at as "receivedAt", i.verdict, i.because
    from callbridge.inbox i
    where i.account = ${account} and (
      i.id = any(${correlationIds}::uuid[])
      or i.body_key = any(array(
        select k.id from callbridge.stream_keys k
        where k.account = ${account} and k.stream in (select callbridge.linked_streams(${account}, ${subject})))))
    order by i.received_at, i.id`.execute(db);
  return rows;
}

async function waitingAt(db: Database, positions: number[]): Promise<Waiting[]> {
  const { rows } = await sql<Waiting>`
    select consumer, key, position, at, attempt, because, claim is not null as "inHand"
    from callbridge.due where position = any(${positions}::bigint[]) and consumer <> ${bookmarkConsumer}
    order by at nulls first, consumer, key`.execute(db);
  return rows;
}

/** Also of other accounts: a webhook of the wrong one is one of the things to be seen here. */
export async function lastDeliveries(db: Database, limit: number): Promise<Delivery[]> {
  const { rows } = await sql<Delivery>`
    select id, source, endpoint, received_at as "receivedAt", verdict, because
    from callbridge.inbox order by received_at desc, id desc limit ${limit}`.execute(db);
  return rows;
}
