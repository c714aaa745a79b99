import { randomUUID } from "node:crypto";
import type { Appended, Database, EventLog } from "@callbridge/event-log";
import type { LogEvent, NewEvent } from "@callbridge/events";
import { sql } from "kysely";

/** For tests: puts a given history into a real log, each event under a key of its own, as one delivery would cause it. */
export async function putEvents(
  log: EventLog,
  events: readonly LogEvent[],
  correlationId: string = randomUUID(),
): Promise<Appended[]> {
  const appended: Appended[] = [];
  for (const { type, stream, time, source, data, personal, recordedAt } of events) {
    const event = {
      type,
      stream,
      time,
      source,
      data,
      personal,
      key: { fact: randomUUID() },
    } as NewEvent;
    appended.push(
      await log.append({
        now: new Date(recordedAt),
        events: [{ account: "default", event, cause: { correlationId } }],
      }),
    );
  }
  return appended;
}

type Row = Record<string, unknown>;
export type TableDump = { calls: Row[]; effects: Row[]; contacts: Row[] };

/** All rows of all tables as PostgreSQL writes them. */
export async function tablesOf(db: Database): Promise<TableDump> {
  const rows = async (table: string) =>
    (
      await sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql.table(table)} t order by 1`.execute(db)
    ).rows.map(({ row }): Row => JSON.parse(row));
  return {
    calls: await rows("callbridge.calls"),
    effects: await rows("callbridge.effects"),
    contacts: await rows("callbridge.contacts"),
  };
}
