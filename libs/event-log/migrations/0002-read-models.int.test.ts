import { type FreshLog, freshLog, given } from "@callbridge/testing";
import { type Kysely, sql } from "kysely";
import { Migrator } from "kysely/migration";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, type Database } from "../database.ts";
import { up as log } from "./0001-log.ts";
import { up as appendColumns } from "./0007-append-columns.ts";

let fresh: FreshLog;
let db: Database;
beforeAll(async () => {
  fresh = await freshLog();
  db = connect(fresh.url, 1).db;
  await sql`drop schema callbridge cascade`.execute(db);
  await sql`drop schema callbridge_views cascade`.execute(db);
  await sql`drop table callbridge_migrations, callbridge_migrations_lock`.execute(db);
  const tables = { migrationTableName: "callbridge_migrations", migrationLockTableName: "callbridge_migrations_lock" };
  // With the function by which this build fills the log; its own migration finds it there and puts it anew.
  const up = async (db: Kysely<unknown>) => {
    await log(db);
    await appendColumns(db);
  };
  const provider = { getMigrations: async () => ({ "0001-log": { up } }) };
  await new Migrator({ db, provider, ...tables }).migrateToLatest();
});
afterAll(async () => {
  await db.destroy();
  await fresh.drop();
});

test("a log that was in use before is migrated as it is, and its tables begin at its beginning", async () => {
  const events = given("call.ended", "call.recording_ready", "call.identified", "call.matched");
  for (const { type, stream, time, source, data, personal, key } of events) {
    const event = { type, stream, time, source, data, personal, key: { fact: key } } as never;
    const cause = { correlationId: "c" };
    await fresh.log.append({ now: new Date(time), events: [{ account: "default", event, cause }] });
  }
  const before = await fresh.log.after(0, 100);
  const dead = { consumer: "analysis", key: "feedback/retry:1", position: 1, at: undefined, attempt: 3, because: "x" };
  await fresh.log.putDue(new Date(), [dead]);
  expect(await fresh.log.migrate()).toContain("0002-read-models");
  expect(await fresh.log.isMigrated()).toBe(true);
  expect(await fresh.log.after(0, 100)).toEqual(before);
  const { rows } = await sql`select name, position, behind from callbridge_views.freshness`.execute(db);
  expect(rows).toEqual([{ name: "read-models", position: 0, behind: events.length }]);
  const letters = await sql`select account, subject, reaction from callbridge_views.dead_letters`.execute(db);
  expect(letters.rows).toEqual([{ account: "default", subject: null, reaction: "feedback" }]);
  // Erasing works on both sides of the migration.
  await fresh.log.erase("default", "call:u:uuid-1");
  expect((await fresh.log.after(0, 100)).map(({ personal }) => personal)).toEqual(events.map(() => ({})));
});
