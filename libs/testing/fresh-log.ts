import { randomBytes } from "node:crypto";
import { createKeyring, type EventLog, type Keyring, openEventLog } from "@callbridge/event-log";
import pg from "pg";
import { inject } from "vitest";

export type FreshLog = {
  log: EventLog;
  keyring: Keyring;
  dataKey: string;
  url: string;
  /** Looks at, or damages, what no function of the log lets anyone see. */
  query: <Row extends pg.QueryResultRow>(statement: string, values?: unknown[]) => Promise<Row[]>;
  drop: () => Promise<void>;
};

/** A database of its own for one test file, already migrated. `drop` closes and removes it. */
export async function freshLog(): Promise<FreshLog> {
  const name = `callbridge_test_${randomBytes(6).toString("hex")}`;
  await admin(`create database ${name} template ${inject("templateDatabase")}`);
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${name}`;
  const dataKey = randomBytes(32).toString("base64");
  const keyring = createKeyring(dataKey);
  const log = openEventLog({ url: url.href, keyring });
  const pool = new pg.Pool({ connectionString: url.href, max: 2 });
  pool.on("error", () => undefined);
  return {
    log,
    keyring,
    dataKey,
    url: url.href,
    query: async <Row extends pg.QueryResultRow>(statement: string, values: unknown[] = []) =>
      (await pool.query<Row>(statement, values)).rows,
    drop: async () => {
      await pool.end();
      await log.close();
      await admin(`drop database ${name} with (force)`);
    },
  };
}

async function admin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  await client.query(statement);
  await client.end();
}
