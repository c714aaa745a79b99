import { parseArgs } from "node:util";
import { report, runCampaign } from "./faults/campaign.ts";
import { plantedBugs } from "./faults/planted.ts";

/**
 * `npm run test:faults -- --seed N --runs N`: plays that many seeded schedules of faults on simulated time. `--planted` plays
 * them against every planted bug instead, and says after how many schedules each is found.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "10000" },
    planted: { type: "boolean", default: false },
  },
});
const [seed, runs] = [wholeNumber("seed", values.seed), wholeNumber("runs", values.runs)];
const beganMs = performance.now();
const seconds = () => ((performance.now() - beganMs) / 1_000).toFixed(1);

if (values.planted) await findPlanted();
else await play();

async function play(): Promise<void> {
  const { failure, ...counts } = await runCampaign({ seed, runs }, {}, (done) => {
    if (done % 1_000 === 0) console.log(`${done} of ${runs} schedules, ${seconds()} s`);
  });
  console.log(
    `${counts.runs} schedules from seed ${seed} in ${seconds()} s: ${counts.faults} faults injected, ${counts.deaths} processes killed, ${counts.events} events`,
  );
  if (failure) {
    console.error(await report(failure));
    process.exitCode = 1;
  } else {
    console.log("0 lost, 0 doubled");
  }
}

async function findPlanted(): Promise<void> {
  for (const [name, planted] of Object.entries(plantedBugs)) {
    const { runs: needed, failure } = await runCampaign({ seed, runs }, planted);
    if (failure) console.log(`${name}: found after ${needed} schedules (seed ${failure.seed}: ${failure.violations[0]})`);
    else console.error(`${name}: not found within ${needed} schedules`);
    if (!failure) process.exitCode = 1;
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} must be a whole number, not ${text}`);
}
