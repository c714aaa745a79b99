import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { acceptance } from "./acceptance.ts";
import { append } from "./append.ts";
import type { Benchmark, Measured } from "./benchmark.ts";
import { growth } from "./growth.ts";
import { latency } from "./latency.ts";
import { machine } from "./machine.ts";
import { relay } from "./relay.ts";
import { replay } from "./replay.ts";
import { startServers } from "./servers.ts";
import { table } from "./table.ts";

const benchmarks: Benchmark[] = [acceptance, append, replay, relay, latency, growth];

/** `npm run bench -- [--only name] [--quick] [--json file]`: every figure, as a table and as JSON. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string", multiple: true }, quick: { type: "boolean" }, json: { type: "string" } },
  });
  const unknown = values.only?.filter((name) => !benchmarks.some((one) => one.name === name)) ?? [];
  if (unknown.length > 0)
    throw new Error(`no such benchmark: ${unknown}. There are ${benchmarks.map((one) => one.name)}`);
  const chosen = benchmarks.filter(({ name }) => values.only?.includes(name) ?? true);
  const scale = { quick: values.quick ?? false };
  const servers = await startServers(process.env, true);
  try {
    const report = { at: new Date().toISOString(), ...scale, machine: await machine(servers), results: {} };
    const results: Record<string, Measured> = report.results;
    for (const benchmark of chosen) {
      process.stderr.write(`${benchmark.name}: ${benchmark.tells} …\n`);
      results[benchmark.name] = await benchmark.run(servers, scale);
    }
    const json = `${JSON.stringify(report, undefined, 2)}\n`;
    if (values.json) await writeFile(values.json, json);
    else process.stdout.write(json);
    process.stdout.write(table(results));
  } finally {
    await servers.stop();
  }
}

await main();
