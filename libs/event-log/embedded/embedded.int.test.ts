import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./index.ts";
import { postmasterFile, readPostmaster } from "./postmaster.ts";
import { isAlive, waitUntil } from "./processes.ts";
import { makeScratch, namesIn, removeScratch } from "./scratch.ts";

/** Far above what a start takes (1 s), far below the test's own limit. */
const limitMs = 20_000;

let dataDir: string;
let children: ChildProcess[];
let started: EmbeddedPostgres[];

beforeEach(async () => {
  dataDir = await makeScratch();
  children = [];
  started = [];
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const postgres of started) await postgres.stop();
  await removeScratch(dataDir);
});

async function start(): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir });
  started.push(postgres);
  return postgres;
}

/** Another Callbridge: a process that starts the database, prints its address and goes on until it is killed. */
function startElsewhere(): { child: ChildProcess; url: Promise<string> } {
  const program = `
    import { startEmbeddedPostgres } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
    const { url } = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} });
    console.log(url);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const url = once(createInterface(child.stdout), "line").then(([line]) => String(line));
  return { child, url };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("the first start creates a durable UTF-8 database behind a password, and the next one finds it as it was", async () => {
  const first = await start();
  expect(first.url).toMatch(/^postgres:\/\/callbridge:[0-9a-f]{48}@127\.0\.0\.1:\d+\/callbridge$/);
  const settings = await ask(
    first.url,
    `select current_setting('fsync') as fsync, current_setting('server_encoding') as encoding,
            current_setting('TimeZone') as zone, lower('ÉŠ') as lower, 'a' > 'B' collate "default" as bytewise`,
  );
  expect(settings).toEqual([{ fsync: "on", encoding: "UTF8", zone: "UTC", lower: "éš", bytewise: true }]);
  await expect(ask(first.url.replace(/:[0-9a-f]{48}@/, ":wrong@"), "select 1")).rejects.toMatchObject({
    code: "28P01",
  });
  expect((await stat(join(first.directory, "password"))).mode & 0o777).toBe(0o600);

  await ask(first.url, "create table kept as select 42 as answer");
  await first.stop();
  await first.stop();
  expect(await first.exited).toEqual({ asked: true, code: 0, signal: null });

  const second = await start();
  expect(await ask(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
  await second.stop();
  const names = (await namesIn(second.directory)).filter((name) => !name.startsWith("binaries-"));
  expect(names).toEqual(["cluster", "password", "postgres.log", "postgres.previous.log"]);
});

test("of two starts at once in one data directory one runs and the other says who does", async () => {
  const outcomes = await Promise.allSettled([start(), start()]);
  const refusals = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []));
  expect(refusals).toHaveLength(1);
  expect(refusals[0]).toContain(`already running with DATA_DIR ${dataDir} (pid ${process.pid})`);
  expect(await ask(started[0]?.url ?? "", "select 1 as one")).toEqual([{ one: 1 }]);
});

test("stopping cuts off clients, whatever they are doing", async () => {
  const postgres = await start();
  const client = new pg.Client({ connectionString: postgres.url });
  const cutOff = once(client, "error");
  await client.connect();
  await client.query("begin");
  const sleeping = client.query("select pg_sleep(600)").catch((error: unknown) => error);
  await postgres.stop();
  expect(await sleeping).toMatchObject({ code: "57P01" });
  await cutOff;
});

test("a server whose owner was killed is ended, and what it had committed is there", async () => {
  const other = startElsewhere();
  await ask(await other.url, "create table kept as select 42 as answer");
  await expect(start()).rejects.toThrow(`(pid ${other.child.pid})`);
  await kill(other.child);
  const orphan = await readPostmaster(join(dataDir, "postgres", "cluster"));
  expect(orphan && isAlive(orphan.pid)).toBe(true);

  const postgres = await start();
  expect(orphan && isAlive(orphan.pid)).toBe(false);
  expect(await ask(postgres.url, "select answer from kept")).toEqual([{ answer: 42 }]);
});

test("an owner killed while it creates the database leaves nothing that is taken for one", async () => {
  const home = join(dataDir, "postgres");
  const other = startElsewhere();
  other.url.catch(() => {});
  const creating = async () => (await namesIn(home)).some((name) => name.startsWith("cluster.new-"));
  expect(await waitUntil(creating, limitMs)).toBe(true);
  await kill(other.child);
  expect(await namesIn(home)).not.toContain("cluster");

  const postgres = await start();
  expect(await ask(postgres.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a crash of the server is reported, and neither it nor a foreign process with its id prevents the next start", async () => {
  const crashed = await start();
  await ask(crashed.url, "create table kept as select 42 as answer");
  const cluster = join(crashed.directory, "cluster");
  const server = await readPostmaster(cluster);
  process.kill(server?.pid ?? 0, "SIGKILL");
  expect(await crashed.exited).toEqual({ asked: false, code: null, signal: "SIGKILL" });
  await crashed.stop();
  await writeFile(postmasterFile(cluster), `${process.pid}\n${cluster}\n1\n5432\n\n127.0.0.1\n 1 1\nready\n`);

  const postgres = await start();
  expect(await ask(postgres.url, "select answer from kept")).toEqual([{ answer: 42 }]);
});

test("a data directory below a folder that only its owner may enter works, for root with the database elsewhere", async () => {
  const above = dataDir;
  dataDir = join(above, "data");
  const messages: string[] = [];
  const first = await startEmbeddedPostgres({ dataDir, log: (message) => messages.push(message) });
  started.push(first);
  await ask(first.url, "create table kept as select 42 as answer");
  await first.stop();
  const elsewhere = process.getuid?.() === 0;
  expect(first.directory.startsWith(dataDir)).toBe(!elsewhere);
  expect(messages.some((message) => message.includes(`goes to ${first.directory}`))).toBe(elsewhere);

  const second = await start();
  expect(second.directory).toBe(first.directory);
  expect(await ask(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
  await second.stop();
  await removeScratch(dataDir);
  dataDir = above;
});

test("what stands in the way is said: a lost password, a server that gives up", async () => {
  const postgres = await start();
  await postgres.stop();
  await writeFile(join(postgres.directory, "cluster", "PG_VERSION"), "13\n");
  await expect(start()).rejects.toThrow(/did not start .* not compatible with this version .* DATABASE_URL/s);
  await rm(join(postgres.directory, "password"));
  await writeFile(join(postgres.directory, "cluster", "PG_VERSION"), "18\n");
  await expect(start()).rejects.toThrow("password is missing");
});
