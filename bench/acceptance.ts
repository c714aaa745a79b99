import { fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Serve, Served } from "./acceptance-server.ts";
import { alternate, type Benchmark, type Measured, median, medianRatio } from "./benchmark.ts";
import { type LoadResult, sendLoad } from "./load.ts";
import { checkpoint, query, type Scratch, scratchLog } from "./servers.ts";

const connections = 64;
const steadyRate = 500;

export const acceptance: Benchmark = {
  name: "acceptance",
  tells: `webhooks answered 202 (stored, with auth, logs and metrics) over a bare Fastify route, ${connections} connections`,
  run: async (servers, { quick }): Promise<Measured> => {
    const scratch = await scratchLog(servers);
    const server = await startServer(scratch);
    const length = quick ? 3 : 8;
    const { bareUrl, ingressUrl, headers } = server;
    try {
      const results = await alternate(quick ? 2 : 5, {
        ours: async (round) => {
          await checkpoint(servers);
          return sendLoad({ url: ingressUrl, headers, connections, seconds: length, name: `full-${round}` });
        },
        bare: (round) => sendLoad({ url: bareUrl, headers, connections, seconds: length, name: `bare-${round}` }),
      });
      const steady = { url: ingressUrl, headers, connections: 16, seconds: quick ? 5 : 15, rate: steadyRate };
      const calm = await alternate(quick ? 1 : 3, {
        steady: (round) => sendLoad({ ...steady, name: `steady-${round}` }),
      });
      await everyAnswerIsAnEvent(scratch, [...results.ours, ...calm.steady]);
      await everyAnswerIsCounted(ingressUrl, [...results.ours, ...calm.steady]);
      const of = (list: LoadResult[], field: keyof LoadResult) => list.map((one) => one[field]);
      const [ours, bare] = [of(results.ours, "perSecond"), of(results.bare, "perSecond")];
      return {
        figures: [
          {
            name: "webhooks accepted / bare route",
            value: medianRatio(ours, bare),
            unit: "ratio",
            from: {
              oursPerSecond: median(ours),
              barePerSecond: median(bare),
              oursP99Ms: median(of(results.ours, "p99")),
            },
            target: { atLeast: 0.35 },
          },
          {
            name: `p99 at ${steadyRate}/s`,
            value: median(of(calm.steady, "p99")),
            unit: "ms",
            from: { p50: median(of(calm.steady, "p50")), perSecond: median(of(calm.steady, "perSecond")) },
            target: { below: 50 },
          },
        ],
      };
    } finally {
      await server.stop();
      await scratch.drop();
    }
  },
};

async function startServer({ url, dataKey }: Scratch) {
  const dataDir = await mkdtemp(join(tmpdir(), "callbridge-bench-"));
  const secret = "a secret of the benchmark";
  // Log lines are written as in production, to a file instead of a collector.
  const log = openSync(join(dataDir, "log"), "w");
  const child = fork(join(import.meta.dirname, "acceptance-server.ts"), {
    stdio: ["ignore", log, "inherit", "ipc"],
    execArgv: process.env.BENCH_PROFILE ? ["--cpu-prof", `--cpu-prof-dir=${process.env.BENCH_PROFILE}`] : [],
  });
  closeSync(log);
  const serve: Serve = { databaseUrl: url, dataKey, secret, dataDir };
  child.send(serve);
  const urls: Served = await once(child, "message").then(([first]) => first);
  return {
    ...urls,
    headers: { authorization: `Bearer ${secret}` },
    stop: async () => {
      child.disconnect();
      await once(child, "exit");
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function everyAnswerIsCounted(ingressUrl: string, measured: LoadResult[]): Promise<void> {
  const page = await (await fetch(new URL("/metrics", ingressUrl))).text();
  const counted = Number(/callbridge_acceptance_seconds_count (\d+)/.exec(page)?.[1]);
  const answered = measured.reduce((sum, one) => sum + one.answered, 0);
  if (!(counted >= answered)) throw new Error(`${answered} webhooks were accepted, /metrics says ${counted}`);
}

/** A fast answer is worth nothing when the webhook is not in the log: every 202 is one event, without a gap. */
async function everyAnswerIsAnEvent(scratch: Scratch, measured: LoadResult[]): Promise<void> {
  const failed = measured.reduce((sum, one) => sum + one.failed, 0);
  const answered = measured.reduce((sum, one) => sum + one.answered, 0);
  const [row = {}] = await query(
    scratch.url,
    "select count(*)::int as events, max(position)::int as last from callbridge.events",
  );
  if (failed > 0) throw new Error(`${failed} webhooks were not accepted`);
  if (Number(row.events) !== Number(row.last)) throw new Error("positions have a gap");
  if (Number(row.events) < answered)
    throw new Error(`${answered} webhooks were accepted, ${row.events} are in the log`);
}
