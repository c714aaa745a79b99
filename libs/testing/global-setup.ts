import { randomBytes } from "node:crypto";
import { createKeyring, openEventLog } from "@callbridge/event-log";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { natsForTests, postgresForTests } from "./servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A server on which tests may create databases. */
    postgresUrl: string;
    /** A migrated, empty database to copy. */
    templateDatabase: string;
    natsUrl: string | undefined;
  }
}

/** Starts the servers once for all integration tests of a run and leaves nothing behind. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wantsNats = project.name === "jetstream";
  const [postgres, nats] = await Promise.all([
    postgresForTests(process.env),
    wantsNats ? natsForTests(process.env) : undefined,
  ]);
  const template = `callbridge_template_${randomBytes(4).toString("hex")}`;
  const admin = new pg.Client({ connectionString: postgres.url });
  await admin.connect();
  await admin.query(`create database ${template}`);
  const log = openEventLog({
    url: databaseUrl(postgres.url, template),
    keyring: createKeyring(randomBytes(32).toString("base64")),
  });
  await log.migrate();
  await log.close();
  project.provide("postgresUrl", postgres.url);
  project.provide("templateDatabase", template);
  project.provide("natsUrl", nats?.url);
  return async () => {
    await admin.query(`drop database if exists ${template} with (force)`);
    await admin.end();
    await Promise.all([postgres.stop(), nats?.stop()]);
  };
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
