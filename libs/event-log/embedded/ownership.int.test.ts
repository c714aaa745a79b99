import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeOwnership } from "./ownership.ts";
import { makeScratch, namesIn, removeScratch } from "./scratch.ts";

let home: string;

beforeEach(async () => {
  home = await makeScratch();
});
afterEach(() => removeScratch(home));

const take = (options: { space?: string; silenceMs?: number } = {}) =>
  takeOwnership({ home, dataDir: "/data", ...options });

test("of many that claim at once at most one owns, and after it gave up another can", async () => {
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => take()));
  const owners = outcomes.filter((outcome) => outcome.status === "fulfilled");
  expect(owners.length).toBeLessThanOrEqual(1);
  for (const owner of owners) await owner.value();
  expect(await namesIn(home)).toEqual([]);

  const release = await take();
  await expect(take()).rejects.toThrow(`already running with DATA_DIR /data (pid ${process.pid})`);
  await release();
  expect(await namesIn(home)).toEqual([]);
});

test("a claim whose process id now belongs to another process is void", async () => {
  const release = await take();
  const [mine = ""] = await namesIn(home);
  await release();
  await writeFile(join(home, mine), JSON.stringify({ pid: process.pid, started: "another time", space: "here" }));
  const again = await take({ space: "here" });
  expect(await namesIn(home)).not.toContain(mine);
  await again();
});

test("a claim that a power cut emptied is void", async () => {
  await writeFile(join(home, "owner-1.json"), "");
  await (await take())();
  expect(await namesIn(home)).toEqual([]);
});

test("an owner in another container counts as alive while it touches its claim, as dead when it is silent", async () => {
  const claim = join(home, "owner-1.json");
  await writeFile(claim, JSON.stringify({ pid: 1, started: "1", space: "another container" }));
  let beats = 0;
  const beat = setInterval(() => utimes(claim, ++beats, beats).catch(() => {}), 5);
  await expect(take({ silenceMs: 2_000 })).rejects.toThrow("already running with DATA_DIR /data (pid 1)");
  clearInterval(beat);
  await (await take({ silenceMs: 100 }))();
  expect(await namesIn(home)).toEqual([]);
});
