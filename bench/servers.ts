import { randomBytes } from "node:crypto";
import pg from "pg";
import { createKeyring, type EventLog, openEventLog } from "../libs/event-log/index.ts";
import { natsForTests, natsIsAvailable, postgresForTests } from "../libs/testing/servers.ts";

/** The servers of a run. Every benchmark makes databases and streams of its own on them and removes them. */
export type Servers = { postgresUrl: string; natsUrl: string | undefined; stop: () => Promise<void> };

/** A log in a database of its own. `drop` closes and removes it. */
export type Scratch = { url: string; dataKey: string; log: EventLog; drop: () => Promise<void> };

export async function startServers(environment: NodeJS.ProcessEnv, wantsNats: boolean): Promise<Servers> {
  const postgres = await postgresForTests(environment);
  const nats = wantsNats && natsIsAvailable(environment) ? await natsForTests(environment) : undefined;
  return {
    postgresUrl: postgres.url,
    natsUrl: nats?.url,
    stop: async () => {
      await nats?.stop();
      await postgres.stop();
    },
  };
}

export async function scratchLog(servers: Servers): Promise<Scratch> {
  const name = `callbridge_bench_${randomBytes(6).toString("hex")}`;
  await query(servers.postgresUrl, `create database ${name}`);
  const address = new URL(servers.postgresUrl);
  address.pathname = `/${name}`;
  const dataKey = randomBytes(32).toString("base64");
  const log = openEventLog({ url: address.href, keyring: createKeyring(dataKey) });
  await log.migrate();
  return {
    url: address.href,
    dataKey,
    log,
    drop: async () => {
      await log.close();
      await query(servers.postgresUrl, `drop database ${name} with (force)`);
    },
  };
}

export async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Writes all dirty pages now, so that a checkpoint that one side caused is not paid for by the other. */
export const checkpoint = (servers: Servers) => query(servers.postgresUrl, "checkpoint");
