import pg from "pg";
import { userName } from "./cluster.ts";

const databaseName = "callbridge";

/** The server has just said that it is ready. */
const connectTimeoutMs = 10_000;

/** PostgreSQL's "invalid_catalog_name": the database does not exist (yet). */
const noSuchDatabase = "3D000";
const alreadyThere = "42P04";

/** Creates the database where there is none (a start may have been interrupted just before) and returns its address. */
export async function ensureDatabase(server: { port: number; password: string }): Promise<string> {
  const address = (database: string) =>
    `postgres://${userName}:${server.password}@127.0.0.1:${server.port}/${database}`;
  try {
    await query(address(databaseName), "select 1");
  } catch (error) {
    if (sqlState(error) !== noSuchDatabase) throw refused(error);
    await query(address("postgres"), `create database ${databaseName}`).catch((error: unknown) => {
      if (sqlState(error) !== alreadyThere) throw refused(error);
    });
  }
  return address(databaseName);
}

async function query(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString, ssl: false, connectionTimeoutMillis: connectTimeoutMs });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

function refused(cause: unknown): Error {
  return new Error("The embedded PostgreSQL runs, but its database cannot be opened. Its log is beside its password.", {
    cause,
  });
}
