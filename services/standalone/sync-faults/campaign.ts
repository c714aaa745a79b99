import fc from "fast-check";
import type { PlantedInSync } from "./planted.ts";
import { runSync } from "./run.ts";
import { type SyncSchedule, syncSchedules } from "./schedule.ts";

export type SyncCampaign = {
  runs: number;
  deeds: number;
  writes: number;
  looks: number;
  faults: number;
  deaths: number;
  failure: { schedule: SyncSchedule; violations: string[]; seed: number; path: string; shrinks: number } | undefined;
};

/** Plays so many random schedules and shrinks the first that breaks something. */
export async function runSyncCampaign(
  { seed, runs, path }: { seed: number; runs: number; path?: string | undefined },
  planted: PlantedInSync = {},
  shrinks = true,
): Promise<SyncCampaign> {
  const totals = { runs: 0, deeds: 0, writes: 0, looks: 0, faults: 0, deaths: 0 };
  let broken: string[] = [];
  const property = fc.asyncProperty(syncSchedules, async (schedule) => {
    const { violations, deeds, writes, looks, faults, deaths } = await runSync(schedule, planted);
    if (broken.length === 0) totals.runs += 1;
    totals.deeds += deeds;
    totals.writes += writes;
    totals.looks += looks;
    totals.faults += faults;
    totals.deaths += deaths;
    if (violations.length > 0) broken = violations;
    return violations.length === 0;
  });
  const details = await fc.check(property, { seed, numRuns: runs, endOnFailure: !shrinks, ...(path && { path }) });
  if (details.errorInstance instanceof Error && details.counterexample === null) throw details.errorInstance;
  const [schedule] = details.counterexample ?? [];
  return {
    ...totals,
    failure: schedule && {
      ...{ schedule, violations: broken, seed: details.seed, path: details.counterexamplePath ?? "" },
      shrinks: details.numShrinks,
    },
  };
}

/** What a person needs to understand and repeat a failure. */
export async function syncReport({ schedule, seed, path }: NonNullable<SyncCampaign["failure"]>): Promise<string> {
  const { violations, trace } = await runSync(schedule, {}, true);
  return [
    `seed ${seed} fails; the smallest schedule that still fails:`,
    JSON.stringify(schedule, undefined, 1),
    ...trace,
    ...violations.map((line) => `  ${line}`),
    `repeat it: npm run test:sync -- --seed ${seed} --path ${path}`,
  ].join("\n");
}
