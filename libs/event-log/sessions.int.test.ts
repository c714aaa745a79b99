import { randomBytes } from "node:crypto";
import { type FreshLog, freshLog, until } from "@callbridge/testing";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { createKeyring, openEventLog } from "./index.ts";

let fresh: FreshLog;
beforeAll(async () => {
  fresh = await freshLog();
});
afterAll(() => fresh.drop());

const never = new AbortController().signal;
const sessions = (name: string) =>
  fresh.query<{ pid: number }>(
    "select pid from pg_stat_activity where application_name = $1 and datname = current_database()",
    [name],
  );
const kill = (name: string) =>
  fresh.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and datname = current_database()",
    [name],
  );
async function lock(name: string) {
  const held = await fresh.log.lockSession(name, never);
  if (!held) throw new Error("no lock");
  return held;
}

describe("a session lock", () => {
  test("has one holder; the next one waits until it is given back", async () => {
    const first = await lock("one");
    const second = lock("one");
    await until("the second tried and left", async () => (await sessions("one")).length >= 1);
    await first.release();
    const held = await second;
    expect(held.lost.aborted).toBe(false);
    await held.release();
    await until("nothing is left open", async () => (await sessions("one")).length === 0);
  });

  test("is lost when its session is ended, and somebody else gets it", async () => {
    const first = await lock("killed");
    await kill("killed");
    await until("the holder knows", () => first.lost.aborted);
    const second = await lock("killed");
    expect(second.lost.aborted).toBe(false);
    await first.release();
    await second.release();
  });

  test("is taken from a holder that has fallen silent: the server ends its session", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      // Its clock stands still, as in a paused process: it pings no more.
      const paused = await lock("paused");
      const began = Date.now();
      const next = await lock("paused");
      expect(Date.now() - began).toBeGreaterThan(2_000);
      expect(paused.lost.aborted).toBe(true);
      await paused.release();
      await next.release();
    } finally {
      vi.useRealTimers();
    }
  });

  test("is not waited for any longer when told to stop", async () => {
    const held = await lock("stopped");
    const stop = new AbortController();
    const waiting = fresh.log.lockSession("stopped", stop.signal);
    stop.abort();
    expect(await waiting).toBeUndefined();
    await held.release();
  });

  test("leaves no session behind when the server refuses", async () => {
    const away = new URL(fresh.url);
    away.pathname = "/no_such_database";
    const log = openEventLog({ url: away.href, keyring: fresh.keyring });
    await expect(log.lockSession("refused", never)).rejects.toThrow(/does not exist/);
    await log.close();
  });
});

describe("listening", () => {
  test("wakes on an append, and again after its connection was ended", async () => {
    let wakes = 0;
    const listener = fresh.log.listen(() => {
      wakes += 1;
    });
    await until("it is connected", () => wakes === 1);
    await fresh.query("select pg_notify('callbridge', '1')");
    await until("it is woken", () => wakes === 2);
    await kill("callbridge-listen");
    await until("it is connected again, and looks what it missed", () => wakes === 3);
    await fresh.query("select pg_notify('callbridge', '2')");
    await until("it is woken", () => wakes === 4);
    await listener.close();
    await until("nothing is left open", async () => (await sessions("callbridge-listen")).length === 0);
  });

  test("closed while it connects leaves nothing open and wakes nobody", async () => {
    let wakes = 0;
    await fresh.log
      .listen(() => {
        wakes += 1;
      })
      .close();
    await until("nothing is left open", async () => (await sessions("callbridge-listen")).length === 0);
    expect(wakes).toBe(0);
  });
});

describe("migrations", () => {
  test("run from several processes at once, and once more, change nothing twice", async () => {
    const name = `callbridge_migrate_${randomBytes(4).toString("hex")}`;
    await fresh.query(`create database ${name}`);
    const url = new URL(inject("postgresUrl"));
    url.pathname = `/${name}`;
    const keyring = createKeyring(randomBytes(32).toString("base64"));
    const logs = Array.from({ length: 4 }, () => openEventLog({ url: url.href, keyring, poolSize: 2 }));
    try {
      expect(await logs[0]?.isMigrated()).toBe(false);
      const applied = (await Promise.all(logs.map((log) => log.migrate()))).flat();
      expect(new Set(applied).size).toBe(applied.length);
      expect(applied).toContain("0001-log");
      expect(await logs[1]?.migrate()).toEqual([]);
      expect(await logs[2]?.isMigrated()).toBe(true);
      expect(await logs[3]?.lastPosition()).toBe(0);
    } finally {
      await Promise.all(logs.map((log) => log.close()));
      await fresh.query(`drop database ${name} with (force)`);
    }
  });
});
