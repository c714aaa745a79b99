import { type FreshLog, freshLog } from "@callbridge/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DueEntry } from "./append.ts";
import { leaseMs } from "./lease.ts";

let fresh: FreshLog;
beforeAll(async () => {
  fresh = await freshLog();
});
afterAll(() => fresh.drop());

const start = new Date("2026-11-22T10:00:00.000Z");
const at = (seconds: number) => new Date(start.getTime() + seconds * 1_000);
const entry = (key: string, seconds = 0): DueEntry => ({
  consumer: "c",
  key,
  position: 1,
  at: at(seconds),
  attempt: 0,
  because: "timer",
});
const dead = { ...entry("dead"), at: undefined };
const all = { fresh: 100, suspects: 100 };
const claim = (seconds: number, limits = all) => fresh.log.claimDue("c", at(seconds), limits, 30_000);
const keys = (entries: { key: string }[]) => entries.map(({ key }) => key).sort();

describe("due", () => {
  beforeEach(async () => {
    await fresh.query("delete from callbridge.due");
  });

  test("is claimed when its time has come, the oldest first, and by its consumer only", async () => {
    await fresh.log.putDue(start, [entry("late", 20), entry("early", 5), entry("middle", 10), dead]);
    await fresh.log.putDue(start, [{ ...entry("other", 0), consumer: "d" }]);
    expect(await claim(4)).toEqual([]);
    expect(keys(await claim(15, { fresh: 1, suspects: 0 }))).toEqual(["early"]);
    expect(keys(await claim(15))).toEqual(["middle"]);
    expect(await fresh.log.nextDueAt("c", at(15))).toEqual(at(20));
    expect(keys(await claim(20))).toEqual(["late"]);
  });

  test("is claimed by one of many replicas only", async () => {
    await fresh.log.putDue(
      start,
      Array.from({ length: 60 }, (_, index) => entry(`many-${index}`)),
    );
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(0, { fresh: 20, suspects: 0 })));
    const claimed = claims.flat().map(({ key }) => key);
    expect(new Set(claimed).size).toBe(claimed.length);
    expect(new Set([...claimed, ...keys(await claim(0))]).size).toBe(60);
  });

  test("comes back when nobody answered for it, as a suspect, and counts how often", async () => {
    await fresh.log.putDue(start, [entry("lost")]);
    expect(await claim(0)).toMatchObject([{ runs: 1 }]);
    expect(await claim(29)).toEqual([]);
    expect(await claim(30, { fresh: 100, suspects: 0 })).toEqual([]);
    expect(await claim(30)).toMatchObject([{ key: "lost", runs: 2 }]);
  });

  test("is hidden for longer while the work goes on", async () => {
    await fresh.log.putDue(start, [entry("slow")]);
    const [slow] = await claim(0);
    if (slow) await fresh.log.hideDue(slow, at(60));
    expect(await claim(59)).toEqual([]);
    expect(await claim(60)).toHaveLength(1);
  });

  test("answered for is gone, or comes again as it was told with a clean record", async () => {
    await fresh.log.putDue(start, [entry("done"), entry("again"), entry("dead")]);
    for (const due of await claim(0)) {
      if (due.key === "done") await fresh.log.finishDue(due);
      else {
        const next = due.key === "dead" ? undefined : at(5);
        await fresh.log.releaseDue(due, start, { at: next, attempt: 3, because: "failed" });
      }
    }
    expect(await claim(60)).toMatchObject([{ key: "again", attempt: 3, because: "failed", runs: 1 }]);
    expect(await fresh.query("select key, at from callbridge.due where at is null")).toEqual([
      { key: "dead", at: null },
    ]);
  });

  test("set anew while it was in hand stays, whatever the old run says", async () => {
    for (const answer of ["finish", "release", "hide"] as const) {
      await fresh.log.putDue(start, [entry(answer)]);
      const [old] = await claim(0);
      if (!old) throw new Error("nothing was claimed");
      // To the very moment to which the claim hid it, and by the other way in.
      await fresh.log.append({ now: start, due: [entry(answer, 30)] });
      if (answer === "finish") await fresh.log.finishDue(old);
      else if (answer === "release") await fresh.log.releaseDue(old, start, { at: at(1), attempt: 9, because: "old" });
      else await fresh.log.hideDue(old, at(99));
      expect(await claim(29)).toEqual([]);
      const [anew] = await claim(30);
      expect(anew).toMatchObject({ key: answer, attempt: 0, because: "timer", runs: 1 });
      // Nor does it touch what somebody else has in hand by now.
      await fresh.log.finishDue(old);
      expect(await fresh.query("select key from callbridge.due")).toEqual([{ key: answer }]);
      await fresh.query("delete from callbridge.due");
    }
  });

  test("kept is what is there already, with its attempts and its deaths", async () => {
    await fresh.log.putDue(start, [{ ...dead, attempt: 7 }]);
    await fresh.log.keepDue(start, [entry("dead"), entry("new")]);
    await fresh.log.keepDue(start, []);
    expect(await claim(0)).toMatchObject([{ key: "new" }]);
    await fresh.log.keepDue(start, [entry("new")]);
    expect(await claim(30)).toMatchObject([{ key: "new", runs: 2 }]);
  });
});

describe("a lease", () => {
  const take = (owner: string, ms: number) => fresh.log.takeLease("work", owner, new Date(start.getTime() + ms));

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
    await fresh.log.releaseLease("work", "b");
    expect(await take("b", later)).toBe(false);
    await fresh.log.releaseLease("work", "a");
    expect(await take("b", later)).toBe(true);
  });

  test("goes to one of many that want it at once", async () => {
    const taken = await Promise.all(
      Array.from({ length: 12 }, (_, index) => fresh.log.takeLease("rush", `owner-${index}`, start)),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
  });
});

describe("a mark", () => {
  test("moves forward only, and the lowest of all says where a rebuilt stream begins", async () => {
    expect([await fresh.log.readMark("m"), await fresh.log.lowestMark()]).toEqual([0, 0]);
    expect(await fresh.log.saveMark("m", 0, start)).toBe(true);
    expect(await fresh.log.saveMark("m", 0, start)).toBe(false);
    expect(await fresh.log.saveMark("m", 7, start)).toBe(true);
    expect(await fresh.log.saveMark("m", 5, start)).toBe(false);
    await fresh.log.saveMark("n", 3, start);
    expect([await fresh.log.readMark("m"), await fresh.log.lowestMark()]).toEqual([7, 3]);
  });
});
