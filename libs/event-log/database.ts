import { type Generated, Kysely, PostgresDialect } from "kysely";
import pg from "pg";

export type Tables = {
  "callbridge.events": {
    position: number;
    id: string;
    account: string;
    stream: string;
    type: string;
    version: number;
    key: string;
    time: Date;
    recorded_at: Date;
    source: string;
    correlation_id: string;
    causation_id: string | null;
    traceparent: string | null;
    data: unknown;
    personal: Buffer | null;
    personal_key: string | null;
  };
  "callbridge.stream_keys": { id: string; account: string; stream: string; wrapped: Buffer | null };
  "callbridge.inbox": {
    id: string;
    account: string;
    source: string;
    endpoint: string;
    delivery_id: string | null;
    received_at: Date;
    verdict: string;
    because: string | null;
    body: Buffer | null;
    body_key: string | null;
  };
  "callbridge.due": {
    consumer: string;
    key: string;
    position: number;
    at: Date | null;
    attempt: number;
    because: string;
    updated_at: Date;
    account: Generated<string>;
    claim: Generated<string | null>;
    runs: Generated<number>;
  };
  "callbridge.leases": { key: string; owner: string; until: Date };
  "callbridge.marks": { consumer: string; position: number; saved_at: Date };
};

export type Database = Kysely<Tables>;

const int8 = 20;

/** Positions are bigint in PostgreSQL and safe integers here: 2^53 events are beyond any call centre. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === int8 ? (value: string) => Number(value) : pg.types.getTypeParser(oid, format as "text"),
};

/** How long to wait for a connection before the caller is told that the database is down. */
const connectionTimeoutMs = 5_000;

/** A server that accepts and never answers is down. Longer than any query of ours, rebuilds included. */
const queryTimeoutMs = 30_000;

/** One pool per process. 10 connections serve a service with 16 handlers at once: a handler holds none while it works. */
export function connect(url: string, poolSize = 10): { db: Database; pool: pg.Pool } {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: connectionTimeoutMs,
    query_timeout: queryTimeoutMs,
    types,
    application_name: "callbridge",
  });
  // An idle connection that breaks (server restart) must not end the process; the next query opens a new one.
  pool.on("error", () => undefined);
  // Nor must one that breaks while it is in use: whoever uses it is told by its query.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return { db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), pool };
}
