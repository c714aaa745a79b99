import type { Planted } from "./planted.ts";
import { type Outcome, runSchedule } from "./run-schedule.ts";
import { describeSchedule, type Schedule, scheduleOf, simpler } from "./schedule.ts";

export type Failure = { seed: number; violations: string[] };
export type Campaign = { runs: number; faults: number; deaths: number; events: number; failure: Failure | undefined };

/** Plays `runs` schedules, seed after seed, and stops at the first that breaks something. */
export async function runCampaign(
  { seed, runs }: { seed: number; runs: number },
  planted: Planted = {},
  tell: (done: number) => void = () => undefined,
): Promise<Campaign> {
  const campaign: Campaign = { runs: 0, faults: 0, deaths: 0, events: 0, failure: undefined };
  for (let next = seed; next < seed + runs; next++) {
    const { violations, faults, deaths, events } = await runSchedule(scheduleOf(next), planted);
    campaign.runs += 1;
    campaign.faults += faults;
    campaign.deaths += deaths;
    campaign.events += events;
    if (violations.length > 0) return { ...campaign, failure: { seed: next, violations } };
    tell(campaign.runs);
  }
  return campaign;
}

/** Removes from a failing schedule whatever is not needed for it to fail. */
async function shrunk(schedule: Schedule): Promise<{ schedule: Schedule; outcome: Outcome }> {
  for (const candidate of simpler(schedule)) {
    if ((await runSchedule(candidate)).violations.length > 0) return shrunk(candidate);
  }
  return { schedule, outcome: await runSchedule(schedule, {}, true) };
}

/** What a person needs to understand and repeat a failure. */
export async function report({ seed, violations }: Failure): Promise<string> {
  const { schedule, outcome } = await shrunk(scheduleOf(seed));
  return [
    `seed ${seed} fails:`,
    ...violations.map((line) => `  ${line}`),
    `repeat it: npm run test:faults -- --seed ${seed} --runs 1`,
    "",
    "The smallest schedule that still fails:",
    ...describeSchedule(schedule).map((line) => `  ${line}`),
    "",
    ...outcome.trace,
    "",
    ...outcome.violations.map((line) => `  ${line}`),
  ].join("\n");
}
