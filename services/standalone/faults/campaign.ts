import type { Planted } from "./planted.ts";
import { type Outcome, runSchedule } from "./run-schedule.ts";
import { deathsOf, describeSchedule, plainCall, type Schedule, scheduleOf, simpler } from "./schedule.ts";

export type Failure = { schedule: Schedule; violations: string[]; repeat: string };
export type Campaign = { runs: number; faults: number; deaths: number; events: number; failure: Failure | undefined };

/** Plays `runs` schedules, seed after seed, and stops at the first that breaks something. */
export async function runCampaign(
  { seed, runs }: { seed: number; runs: number },
  planted: Planted = {},
  tell: (done: number) => void = () => undefined,
): Promise<Campaign> {
  const campaign = newCampaign();
  for (let next = seed; next < seed + runs && !campaign.failure; next++) {
    await play(campaign, scheduleOf(next), `--seed ${next} --runs 1`, planted);
    tell(campaign.runs);
  }
  return campaign;
}

/** Plays one call again and again, and each time the process dies at another step of it; at one in `stride` of them all. */
export async function runDeaths(stride = 1): Promise<Campaign> {
  const campaign = newCampaign();
  for (const bus of ["embedded", "shared"] as const) {
    const plain = plainCall(bus);
    const { uses } = await runSchedule(plain);
    for (const [index, schedule] of deathsOf(plain, uses).entries()) {
      if (index % stride === 0 && !campaign.failure) await play(campaign, schedule, "--deaths");
    }
  }
  return campaign;
}

const newCampaign = (): Campaign => ({ runs: 0, faults: 0, deaths: 0, events: 0, failure: undefined });

async function play(campaign: Campaign, schedule: Schedule, repeat: string, planted: Planted = {}): Promise<void> {
  const { violations, faults, deaths, events } = await runSchedule(schedule, planted);
  campaign.runs += 1;
  campaign.faults += faults;
  campaign.deaths += deaths;
  campaign.events += events;
  if (violations.length > 0) campaign.failure = { schedule, violations, repeat };
}

/** Removes from a failing schedule whatever is not needed for it to fail. */
async function shrunk(schedule: Schedule): Promise<{ schedule: Schedule; outcome: Outcome }> {
  for (const candidate of simpler(schedule)) {
    if ((await runSchedule(candidate)).violations.length > 0) return shrunk(candidate);
  }
  return { schedule, outcome: await runSchedule(schedule, {}, true) };
}

/** What a person needs to understand and repeat a failure. */
export async function report({ schedule: failed, violations, repeat }: Failure): Promise<string> {
  const { schedule, outcome } = await shrunk(failed);
  return [
    `seed ${failed.seed} fails:`,
    ...violations.map((line) => `  ${line}`),
    `repeat it: npm run test:faults -- ${repeat}`,
    "",
    "The smallest schedule that still fails:",
    ...describeSchedule(schedule).map((line) => `  ${line}`),
    "",
    ...outcome.trace,
    "",
    ...outcome.violations.map((line) => `  ${line}`),
  ].join("\n");
}
