import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DueEntry } from "./append.ts";
import { ended } from "./conformance.ts";
import type { EventLog } from "./index.ts";
import { leaseMs } from "./lease.ts";

export type DueWorld = {
  log: EventLog;
  /** All rows of a consumer, which no function of the log shows. */
  rows: (consumer: string) => Promise<{ key: string; isDead: boolean }[]>;
};

/** What every log must do for timers, leases, marks and budgets, whatever keeps them. */
export function dueConformance(world: () => DueWorld): void {
  const log = () => world().log;
  const rows = () => world().rows(consumer);
  let consumer = "";
  let consumers = 0;
  function newConsumer(): void {
    consumers += 1;
    consumer = `due-${consumers}`;
  }

  /** An event of account "a", and one of account "b". */
  let positions: number[] = [];
  beforeAll(async () => {
    const events = ["a", "b"].map((account) => ({ account, event: ended("due"), cause: { correlationId: "due" } }));
    positions = (await log().append({ now: start, events })).events.map(({ position }) => position);
  });

  const start = new Date("2026-11-22T10:00:00.000Z");
  const at = (seconds: number) => new Date(start.getTime() + seconds * 1_000);
  const entry = (key: string, seconds = 0): DueEntry => ({
    consumer,
    key,
    position: positions[0] ?? 0,
    at: at(seconds),
    attempt: 0,
    because: "timer",
  });
  const dead = () => ({ ...entry("dead"), at: undefined });
  const all = { fresh: 100, suspects: 100 };
  const claim = (seconds: number, { fresh, suspects } = all) =>
    log().claimDue(consumer, at(seconds), { fresh: new Map([["a", fresh]]), suspects }, 30_000);
  const keys = (entries: { key: string }[]) => entries.map(({ key }) => key).sort();

  describe("due", () => {
    beforeEach(newConsumer);

    test("is claimed when its time has come, the oldest first, and by its consumer only", async () => {
      await log().putDue(start, [entry("late", 20), entry("early", 5), entry("middle", 10), dead()]);
      await log().putDue(start, [{ ...entry("other", 0), consumer: `${consumer} and another` }]);
      expect(await claim(4)).toEqual([]);
      expect(keys(await claim(15, { fresh: 1, suspects: 0 }))).toEqual(["early"]);
      expect(keys(await claim(15))).toEqual(["middle"]);
      expect(await log().nextDueAt(consumer, ["a"], at(15))).toEqual(at(20));
      expect(keys(await claim(20))).toEqual(["late"]);
    });

    test("belongs to the account of its event, and is claimed by those who work for it, up to its share", async () => {
      const [mine = 0, others = 0] = positions;
      const of = (key: string, position: number, seconds: number) => ({ ...entry(key, seconds), position });
      await log().putDue(start, [of("a1", mine, 0), of("a2", mine, 1), of("a3", mine, 2)]);
      await log().keepDue(start, [of("b1", others, 3), of("b2", others, 9)]);
      expect(await log().nextDueAt(consumer, ["a"], at(2))).toBeUndefined();
      expect(await log().nextDueAt(consumer, ["a", "b"], at(2))).toEqual(at(3));
      const shares = (a: number, b: number) => ({ fresh: new Map(Object.entries({ a, b })), suspects: 9 });
      const both = await log().claimDue(consumer, at(5), shares(2, 2), 30_000);
      expect(both.map(({ key, account }) => `${account}: ${key}`).sort()).toEqual(["a: a1", "a: a2", "b: b1"]);
      expect(keys(await claim(60, { fresh: 9, suspects: 0 }))).toEqual(["a3"]);
      expect(keys(await claim(99))).toEqual(["a1", "a2", "a3"]);
      await log().putDue(start, [of("a1", others, 0)]);
      expect(keys(await log().claimDue(consumer, at(99), { fresh: new Map([["b", 9]]), suspects: 9 }, 1))).toEqual([
        ...["a1", "b1", "b2"],
      ]);
    });

    test("is claimed by one of many replicas only", async () => {
      await log().putDue(
        start,
        Array.from({ length: 60 }, (_, index) => entry(`many-${index}`)),
      );
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim(0, { fresh: 20, suspects: 0 })));
      const claimed = claims.flat().map(({ key }) => key);
      expect(new Set(claimed).size).toBe(claimed.length);
      expect(new Set([...claimed, ...keys(await claim(0))]).size).toBe(60);
    });

    test("comes back when nobody answered for it, as a suspect, and counts how often", async () => {
      await log().putDue(start, [entry("lost")]);
      expect(await claim(0)).toMatchObject([{ runs: 1 }]);
      expect(await claim(29)).toEqual([]);
      expect(await claim(30, { fresh: 100, suspects: 0 })).toEqual([]);
      expect(await claim(30)).toMatchObject([{ key: "lost", runs: 2 }]);
    });

    test("is hidden for longer while the work goes on", async () => {
      await log().putDue(start, [entry("slow")]);
      const [slow] = await claim(0);
      if (slow) await log().hideDue(slow, at(60));
      expect(await claim(59)).toEqual([]);
      expect(await claim(60)).toHaveLength(1);
    });

    test("answered for is gone, or comes again as it was told with a clean record", async () => {
      await log().putDue(start, [entry("done"), entry("again"), entry("dead")]);
      for (const due of await claim(0)) {
        if (due.key === "done") await log().finishDue(due);
        else {
          const next = due.key === "dead" ? undefined : at(5);
          await log().releaseDue(due, start, { at: next, attempt: 3, because: "failed" });
        }
      }
      expect(await claim(60)).toMatchObject([{ key: "again", attempt: 3, because: "failed", runs: 1 }]);
      expect(await rows()).toContainEqual({ key: "dead", isDead: true });
    });

    test("set anew while it was in hand stays, whatever the old run says", async () => {
      for (const answer of ["finish", "release", "hide"] as const) {
        await log().putDue(start, [entry(answer)]);
        const [old] = await claim(0);
        if (!old) throw new Error("nothing was claimed");
        // To the very moment to which the claim hid it, and by the other way in.
        await log().append({ now: start, due: [entry(answer, 30)] });
        if (answer === "finish") await log().finishDue(old);
        else if (answer === "release") await log().releaseDue(old, start, { at: at(1), attempt: 9, because: "old" });
        else await log().hideDue(old, at(99));
        expect(await claim(29)).toEqual([]);
        const [anew] = await claim(30);
        expect(anew).toMatchObject({ key: answer, attempt: 0, because: "timer", runs: 1 });
        // Nor does it touch what somebody else has in hand by now.
        await log().finishDue(old);
        expect(await rows()).toEqual([{ key: answer, isDead: false }]);
        newConsumer();
      }
    });

    test("kept is what is there already, with its attempts and its deaths", async () => {
      await log().putDue(start, [{ ...dead(), attempt: 7 }]);
      await log().keepDue(start, [entry("dead"), entry("new")]);
      await log().keepDue(start, []);
      expect(await claim(0)).toMatchObject([{ key: "new" }]);
      await log().keepDue(start, [entry("new")]);
      expect(await claim(30)).toMatchObject([{ key: "new", runs: 2 }]);
    });
  });

  describe("a lease", () => {
    const take = (owner: string, ms: number) => log().takeLease("work", owner, new Date(start.getTime() + ms));

    test("has one owner, is renewed by it, and is taken over when it has run out", async () => {
      expect([await take("a", 0), await take("b", 1)]).toEqual([true, false]);
      expect(await take("a", leaseMs - 1)).toBe(true);
      expect([await take("b", leaseMs), await take("b", 2 * leaseMs - 2)]).toEqual([false, false]);
      expect(await take("b", 2 * leaseMs - 1)).toBe(true);
      expect(await take("a", 2 * leaseMs)).toBe(false);
    });

    test("is given back by its owner only", async () => {
      const later = 10 * leaseMs;
      await take("a", later);
      await log().releaseLease("work", "b");
      expect(await take("b", later)).toBe(false);
      await log().releaseLease("work", "a");
      expect(await take("b", later)).toBe(true);
    });

    test("goes to one of many that want it at once", async () => {
      const taken = await Promise.all(
        Array.from({ length: 12 }, (_, index) => log().takeLease("rush", `owner-${index}`, start)),
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
    });
  });

  describe("a mark", () => {
    test("moves forward only, and the lowest of all says where a rebuilt stream begins", async () => {
      expect([await log().readMark("m"), await log().lowestMark()]).toEqual([0, 0]);
      expect(await log().saveMark("m", 0, start)).toBe(true);
      expect(await log().saveMark("m", 0, start)).toBe(false);
      expect(await log().saveMark("m", 7, start)).toBe(true);
      expect(await log().saveMark("m", 5, start)).toBe(false);
      await log().saveMark("n", 3, start);
      expect([await log().readMark("m"), await log().lowestMark()]).toEqual([7, 3]);
    });
  });

  describe("a budget", () => {
    const window = { reserve: 0, limitMax: 4, windowMs: 10_000 };
    const take = (vendor: string, seconds: number, reserve = 0) =>
      log().takeToken({ account: "a", vendor }, at(seconds), { ...window, reserve });
    const breaker = { failuresMax: 2, openFirstMs: 1_000, openMaxMs: 3_000 };

    test("gives out no more in any window than its limit, and says how long to wait", async () => {
      for (const seconds of [0, 1, 2, 3]) expect(await take("v1", seconds)).toEqual({ granted: true, failures: 0 });
      expect(await take("v1", 4)).toEqual({ granted: false, waitMs: 6_000 });
      expect(await take("v1", 10)).toMatchObject({ granted: true });
      expect(await take("v1", 10.5)).toEqual({ granted: false, waitMs: 500 });
      expect(await take("v2", 4)).toMatchObject({ granted: true });
    });

    test("keeps a reserve for others, and learns another limit", async () => {
      expect([await take("v3", 0, 0.5), await take("v3", 0, 0.5)]).toMatchObject([
        { granted: true },
        { granted: true },
      ]);
      expect(await take("v3", 1, 0.5)).toEqual({ granted: false, waitMs: 9_000 });
      expect(await take("v3", 1)).toMatchObject({ granted: true });
      await log().learnLimit({ account: "a", vendor: "v3" }, 2, 5_000);
      expect(await take("v3", 2)).toEqual({ granted: false, waitMs: 3_000 });
    });

    test("is shut until a moment, and a later one stands", async () => {
      const key = { account: "a", vendor: "v4" };
      await take("v4", 0);
      await log().block(key, at(8));
      await log().block(key, at(5));
      expect(await take("v4", 2)).toEqual({ granted: false, waitMs: 6_000 });
      expect(await take("v4", 8)).toMatchObject({ granted: true });
    });

    test("is shut by failures in a row, longer each time, and opened by a success", async () => {
      const key = { account: "a", vendor: "v5" };
      const fail = (seconds: number) => log().countFailure(key, at(seconds), breaker);
      expect(await fail(0)).toBeUndefined();
      await take("v5", 0);
      expect([await fail(0), await fail(0), await fail(0)]).toEqual([undefined, 1_000, undefined]);
      expect(await take("v5", 0)).toEqual({ granted: false, waitMs: 1_000 });
      expect([await fail(1), await fail(3), await fail(6)]).toEqual([2_000, 3_000, 3_000]);
      expect(await take("v5", 9)).toEqual({ granted: true, failures: 6 });
      await log().clearFailures(key);
      expect([await fail(10), await fail(10)]).toEqual([undefined, 1_000]);
    });
  });
}
