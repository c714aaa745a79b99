import { parseArgs } from "node:util";
import { type Campaign, report, runCampaign, runDeaths } from "./faults/campaign.ts";
import { plantedBugs } from "./faults/planted.ts";

/**
 * `npm run test:faults -- --seed N --runs N`: plays that many seeded schedules of faults on simulated time. `--deaths` lets
 * the process die before and after every single step of one call instead; `--planted` plays the schedules against every
 * planted bug, and says after how many each is found.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "10000" },
    deaths: { type: "boolean", default: false },
    planted: { type: "boolean", default: false },
  },
});
const [seed, runs] = [wholeNumber("seed", values.seed), wholeNumber("runs", values.runs)];
const beganMs = performance.now();
const seconds = () => ((performance.now() - beganMs) / 1_000).toFixed(1);

if (values.planted) await findPlanted();
else if (values.deaths) await tell(await runDeaths());
else await tell(await runCampaign({ seed, runs }, {}, progress));

function progress(done: number): void {
  if (done % 1_000 === 0) console.log(`${done} of ${runs} schedules, ${seconds()} s`);
}

async function tell({ failure, runs, faults, deaths, events }: Campaign): Promise<void> {
  const counts = `${faults} faults injected, ${deaths} processes killed, ${events} events`;
  console.log(`${runs} schedules in ${seconds()} s: ${counts}`);
  if (failure) console.error(await report(failure));
  else console.log("0 lost, 0 doubled");
  process.exitCode = failure ? 1 : 0;
}

async function findPlanted(): Promise<void> {
  for (const [name, planted] of Object.entries(plantedBugs)) {
    const { runs: needed, failure } = await runCampaign({ seed, runs }, planted);
    if (failure)
      console.log(`${name}: found after ${needed} schedules (seed ${failure.schedule.seed}: ${failure.violations[0]})`);
    else console.error(`${name}: not found within ${needed} schedules`);
    if (!failure) process.exitCode = 1;
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} must be a whole number, not ${text}`);
}
