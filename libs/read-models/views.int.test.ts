import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connectDatabase } from "@callbridge/event-log";
import { freshLog, given } from "@callbridge/testing";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openReadModels } from "./read-models.ts";
import { putEvents } from "./test-log.ts";

const docs = readFileSync(join(import.meta.dirname, "../../docs/analytics.md"), "utf8");
const queries = [...docs.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, query = ""]) => query.trim());

let fresh: Awaited<ReturnType<typeof freshLog>>;
let opened: ReturnType<typeof connectDatabase>;
const now = new Date();
beforeAll(async () => {
  fresh = await freshLog();
  opened = connectDatabase(fresh.url, 1);
  const models = openReadModels(fresh);
  const told = given(
    ...(["call.ended", "call.recording_ready", "call.identified", "call.matched"] as const),
    ...(["effect.intended", "effect.attempted", "effect.observed"] as const),
  );
  await putEvents(fresh.log, told);
  const timer = { consumer: "recording", key: "recording/retry:2", position: 2, at: now, attempt: 0, because: "timer" };
  const dead = { consumer: "analysis", key: "feedback/retry:4", position: 4, at: undefined, attempt: 3, because: "x" };
  await fresh.log.putDue(now, [timer, dead]);
  await models.catchUp();
  await models.close();
});
afterAll(async () => {
  await opened.db.destroy();
  await fresh.drop();
});

const rows = async (query: string) => (await sql.raw<Record<string, unknown>>(query).execute(opened.db)).rows;

describe("docs/analytics.md", () => {
  // Roles belong to the whole server, so the first one is tried in a transaction that is undone.
  test.each(queries.filter((query) => query.startsWith("select")))("its query runs: %s", async (query) => {
    expect(Array.isArray(await rows(query))).toBe(true);
  });

  test("its role reads the views and nothing else", async () => {
    const role = queries.find((query) => query.startsWith("create role")) ?? "";
    const readsTable = "select from callbridge.calls";
    await expect(
      opened.db.transaction().execute(async (transaction) => {
        await sql.raw(role.replaceAll("analyst", "analyst_of_test")).execute(transaction);
        await sql.raw("set local role analyst_of_test").execute(transaction);
        await sql.raw("select * from callbridge_views.calls").execute(transaction);
        await sql.raw(readsTable).execute(transaction);
      }),
    ).rejects.toThrow(/permission denied for schema callbridge/);
  });

  test("it names every column of every view", async () => {
    const columns = await rows(
      "select table_name as view, column_name as name from information_schema.columns where table_schema = 'callbridge_views'",
    );
    const sections = new Map(docs.split("\n## ").map((text) => [text.split("\n")[0] ?? "", text]));
    const missing = columns.filter(({ view, name }) => {
      const section = [...sections].find(([title]) => title.split(" and ").includes(String(view)))?.[1];
      return view !== "freshness" && !section?.includes(`\`${String(name)}\``);
    });
    expect(missing).toEqual([]);
  });
});

test("a call is shown with what it waits for and what was given up", async () => {
  const [call, ...others] = await rows("select * from callbridge_views.calls");
  expect(others).toEqual([]);
  expect(call).toMatchObject({ call_id: "1001", in_crm: true, next_due_at: now, dead_letters: 1 });
  expect(await rows("select subject, reaction from callbridge_views.dead_letters")).toEqual([
    { subject: "call:u:uuid-1", reaction: "feedback" },
  ]);
});
