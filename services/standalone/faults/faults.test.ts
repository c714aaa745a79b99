import { describe, expect, test } from "vitest";
import { report, runCampaign, runDeaths } from "./campaign.ts";
import { plantedBugs } from "./planted.ts";
import { runSchedule } from "./run-schedule.ts";
import { scheduleOf } from "./schedule.ts";

/** Seeds of the runs in `npm test`: always the same, so that a failure is somebody's change and nobody's luck. */
const seed = 1;
const runs = 300;
const limitMs = 120_000;

test("300 schedules of crashes, pauses, lost answers and late writes: nothing lost, nothing twice", {
  timeout: limitMs,
}, async () => {
  const campaign = await runCampaign({ seed, runs });
  if (campaign.failure) throw new Error(await report(campaign.failure));
  expect(campaign.runs).toBe(runs);
  // A simulation without faults would pass everything.
  expect(campaign.faults).toBeGreaterThan(2 * runs);
  expect(campaign.deaths).toBeGreaterThan(runs / 2);
});

/** All of them take a minute: `npm run test:faults -- --deaths`. */
const stride = 7;

test("a process that dies before or after a single step of a call loses and repeats nothing", {
  timeout: limitMs,
}, async () => {
  const campaign = await runDeaths(stride);
  if (campaign.failure) throw new Error(await report(campaign.failure));
  expect(campaign.deaths).toBe(campaign.runs);
});

describe("a planted bug is found", () => {
  test.each(Object.entries(plantedBugs))("%s", { timeout: limitMs }, async (_name, planted) => {
    const { failure } = await runCampaign({ seed, runs }, planted);
    expect(failure).toBeDefined();
  });
});

test("a seed always gives the same run", async () => {
  const [first, second] = [await runSchedule(scheduleOf(11), {}, true), await runSchedule(scheduleOf(11), {}, true)];
  expect(second).toEqual(first);
  expect(first.trace.length).toBeGreaterThan(20);
});
