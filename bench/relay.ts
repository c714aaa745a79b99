import { randomBytes } from "node:crypto";
import { AckPolicy, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { createJetStreamBus, type Nats, openNats, startRelay, topology } from "../libs/bus/index.ts";
import { alternate, type Benchmark, median, medianRatio, seconds } from "./benchmark.ts";
import { fill } from "./fill.ts";
import { type Scratch, scratchLog } from "./servers.ts";

/** Publishes in flight at once, as the relay has them. */
const inFlight = 200;
const concurrency = 100;
const limitMs = 120_000;

export const relay: Benchmark = {
  name: "relay",
  tells: "events relayed from the log and consumed over messages published and consumed by JetStream alone",
  run: async (servers, { quick }) => {
    const { natsUrl } = servers;
    if (natsUrl === undefined) return { notMeasured: "no NATS_URL, no Docker and no nats-server here" };
    const perRound = quick ? 3_000 : 10_000;
    const scratch = await scratchLog(servers);
    const ours = openNats({ url: natsUrl, name: "callbridge-bench" });
    const nats = await ours.connection();
    const manager = await jetstreamManager(nats);
    const names = topology(`bench${randomBytes(4).toString("hex")}`);
    const plainStream = `${names.stream}_plain`;
    try {
      await fill(scratch, 1);
      const relayed = await startOurs(scratch, ours, natsUrl, names);
      const plain = await startPlain(scratch, nats, manager, plainStream);
      const results = await alternate(quick ? 3 : 5, {
        ours: () => relayed.round(perRound),
        plain: () => plain.round(perRound),
      });
      await relayed.stop();
      await plain.stop();
      return {
        figures: [
          {
            name: "relay + consume / publish + consume",
            value: medianRatio(results.ours, results.plain),
            unit: "ratio",
            from: { relayedPerSecond: median(results.ours), plainPerSecond: median(results.plain) },
          },
        ],
      };
    } finally {
      for (const stream of [names.stream, plainStream]) await manager.streams.delete(stream).catch(() => undefined);
      await ours.close();
      await scratch.drop();
    }
  },
};

/** The relay is stopped while the log is filled, and started when the clock is. */
async function startOurs(scratch: Scratch, nats: Nats, natsUrl: string, names: ReturnType<typeof topology>) {
  const bus = createJetStreamBus(openNats({ url: natsUrl, name: "bench-bus" }), scratch.log, names);
  const arrived = counter();
  const seen = new Set<number>();
  const consuming = bus.consume(
    "bench",
    async ({ position }) => {
      if (seen.has(position)) throw new Error(`position ${position} came twice`);
      seen.add(position);
      arrived.add();
    },
    { concurrency },
  );
  const first = startRelay(scratch.log, nats, names);
  await arrived.reaches(1);
  await first.stop();
  return {
    round: async (count: number) => {
      const size = seen.size + count;
      await fill(scratch, size);
      const started = performance.now();
      const relaying = startRelay(scratch.log, nats, names);
      await arrived.reaches(size);
      const took = (performance.now() - started) / 1000;
      await relaying.stop();
      return count / took;
    },
    stop: async () => {
      await consuming.stop();
      await bus.close();
    },
  };
}

async function startPlain(scratch: Scratch, nats: NatsConnection, manager: JetStreamManager, stream: string) {
  const subject = `${stream}.events`;
  await manager.streams.add({ name: stream, subjects: [subject] });
  await manager.consumers.add(stream, { durable_name: "plain", ack_policy: AckPolicy.Explicit });
  const js = jetstream(nats);
  const consumer = await js.consumers.get(stream, "plain");
  const messages = await consumer.consume({ max_messages: concurrency });
  const arrived = counter();
  const consuming = (async () => {
    for await (const message of messages) {
      JSON.parse(message.string());
      message.ack();
      arrived.add();
    }
  })();
  return {
    round: async (count: number) => {
      const bodies = (await scratch.log.envelopes(1, count)).map((event) => JSON.stringify(event));
      const goal = arrived.count() + bodies.length;
      const took = await seconds(async () => {
        for (let from = 0; from < bodies.length; from += inFlight) {
          await Promise.all(bodies.slice(from, from + inFlight).map((body) => js.publish(subject, body)));
        }
        await arrived.reaches(goal);
      });
      return bodies.length / took;
    },
    stop: async () => {
      messages.stop();
      await consuming;
    },
  };
}

/** Counts arrivals and tells when a number of them is reached. */
function counter() {
  let count = 0;
  let goal = Number.POSITIVE_INFINITY;
  let reached: (() => void) | undefined;
  return {
    count: () => count,
    add: () => {
      count += 1;
      if (count >= goal) reached?.();
    },
    reaches: (wanted: number) =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${count} of ${wanted} came in ${limitMs} ms`)), limitMs);
        goal = wanted;
        reached = () => {
          clearTimeout(late);
          resolve();
        };
        if (count >= goal) reached();
      }),
  };
}
