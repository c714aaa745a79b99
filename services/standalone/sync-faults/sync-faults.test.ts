import { describe, expect, test } from "vitest";
import { runSyncCampaign, syncReport } from "./campaign.ts";
import { plantedInSync } from "./planted.ts";

/** The seed of the runs in `npm test`: always the same, so that a failure is somebody's change and nobody's luck. */
const seed = 20_261_125;
const runs = 120;
/** A planted bug has to show itself within so many. */
const plantedRuns = 300;
const limitMs = 240_000;

test("people and faults at random on both sides: they converge, nothing is lost, nothing is written twice", {
  timeout: limitMs,
}, async () => {
  const { failure, ...counts } = await runSyncCampaign({ seed, runs });
  if (failure) throw new Error(await syncReport(failure));
  expect(counts.runs).toBe(runs);
  // A simulation without deeds, writes and faults would pass everything.
  expect(counts.deeds).toBeGreaterThan(2 * runs);
  expect(counts.writes).toBeGreaterThan(2 * runs);
  expect(counts.faults).toBeGreaterThan(runs / 2);
  expect(counts.deaths).toBeGreaterThan(runs / 4);
});

describe("a planted bug is found", () => {
  test.each(Object.entries(plantedInSync))("%s", { timeout: limitMs }, async (_name, planted) => {
    const { failure } = await runSyncCampaign({ seed, runs: plantedRuns }, planted, false);
    expect(failure).toBeDefined();
  });
});
