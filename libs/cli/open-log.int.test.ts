import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FreshLog, freshLog } from "@callbridge/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { capture } from "./captured-run.ts";

let fresh: FreshLog;
let dataDir: string;
beforeAll(async () => {
  fresh = await freshLog();
  dataDir = await mkdtemp(join(tmpdir(), "callbridge-cli-"));
});
afterAll(async () => {
  await fresh.drop();
  await rm(dataDir, { recursive: true });
});
const inDataDir = (environment: Record<string, string> = {}) =>
  capture(fresh, { environment: { DATABASE_URL: "", DATA_KEY: "", DATA_DIR: dataDir, ...environment } });

test("where there is no installation none is made, and what to set is said", async () => {
  const { code, err } = await inDataDir().run("events");
  expect(code).toBe(1);
  expect(err).toContain(`There is no installation in ${dataDir}`);
});

test("a running standalone is found by what it wrote into its directory", async () => {
  await mkdir(join(dataDir, "secrets"));
  await writeFile(join(dataDir, "secrets", "data-key"), `${fresh.dataKey}\n`);
  await writeFile(join(dataDir, "runtime.json"), JSON.stringify({ pid: process.pid, databaseUrl: fresh.url }));
  expect(await inDataDir().run("streams", "status")).toMatchObject({ code: 0, err: "" });
});

test("a database that does not answer is an error that names it without its password", async () => {
  const { code, err } = await inDataDir({ DATABASE_URL: "postgres://me:hidden@127.0.0.1:1/none" }).run("events");
  expect(code).toBe(1);
  expect(err).toContain("The database at 127.0.0.1:1 cannot be used");
  expect(err).not.toContain("hidden");
});

test("a database that was never migrated is an error that says what to do", async () => {
  const url = new URL(fresh.url);
  url.pathname = "/postgres";
  const { code, err } = await inDataDir({ DATABASE_URL: url.href }).run("events");
  expect(code).toBe(1);
  expect(err).toContain("not at the version of this build");
});
