import { parseArgs } from "node:util";
import { runSyncCampaign, syncReport } from "./sync-faults/campaign.ts";
import { plantedInSync } from "./sync-faults/planted.ts";

/**
 * `npm run test:sync -- --seed N --runs N`: plays that many random schedules of people who work on both sides, and of faults,
 * on simulated time. `--path` goes straight to a failure that was printed; `--planted` plays them against every planted bug.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "1000" },
    path: { type: "string" },
    planted: { type: "boolean", default: false },
  },
});
const [seed, runs] = [wholeNumber("seed", values.seed), wholeNumber("runs", values.runs)];
const beganMs = performance.now();
const seconds = () => ((performance.now() - beganMs) / 1_000).toFixed(1);

if (values.planted) await findPlanted();
else {
  const { failure, ...counts } = await runSyncCampaign({ seed, runs, path: values.path });
  console.log(`${seconds()} s: ${JSON.stringify(counts)}`);
  if (failure) console.error(await syncReport(failure));
  else console.log("everything converged, nothing lost, nothing written twice");
  process.exitCode = failure ? 1 : 0;
}

async function findPlanted(): Promise<void> {
  for (const [name, planted] of Object.entries(plantedInSync)) {
    const { runs: needed, failure } = await runSyncCampaign({ seed, runs }, planted, false);
    if (failure) console.log(`${name}: found after ${needed} schedules (${failure.violations[0]})`);
    else console.error(`${name}: not found within ${needed} schedules`);
    if (!failure) process.exitCode = 1;
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} must be a whole number, not ${text}`);
}
