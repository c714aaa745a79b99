import { alternate, type Benchmark, type Figure, median, medianRatio, seconds } from "./benchmark.ts";
import { fill } from "./fill.ts";
import { eventsPerCall, sampleEvent } from "./sample.ts";
import { checkpoint, query, type Scratch, scratchLog } from "./servers.ts";

const smallSize = 10_000;
const appended = 2_000;
const appendSize = 20;
const subjects = 500;
const replayed = 5_000;
const target = { atLeast: 0.85 };

export const growth: Benchmark = {
  name: "growth",
  tells: `speed of a log of 1,000,000 events (--quick: 100,000) over that of one of ${smallSize}`,
  run: async (servers, { quick }) => {
    const largeSize = quick ? 100_000 : 1_000_000;
    const [small, large] = [await scratchLog(servers), await scratchLog(servers)];
    try {
      await fill(small, smallSize);
      const fillSeconds = await seconds(() => fill(large, largeSize));
      // As autovacuum does within minutes.
      for (const { url } of [small, large]) await query(url, "vacuum (analyze) callbridge.events");
      const rounds = quick ? 3 : 7;
      const compare = async (name: string, work: (log: Scratch, round: number) => Promise<number>): Promise<Figure> => {
        const results = await alternate(rounds, {
          large: async (round) => {
            await checkpoint(servers);
            return work(large, round);
          },
          small: async (round) => {
            await checkpoint(servers);
            return work(small, round);
          },
        });
        return {
          name: `${name}, ${largeSize.toLocaleString("en")} / ${smallSize.toLocaleString("en")} events`,
          value: medianRatio(results.large, results.small),
          unit: "ratio",
          from: { largePerSecond: median(results.large), smallPerSecond: median(results.small), fillSeconds },
          target,
        };
      };
      return {
        figures: [
          await compare("append", appendMore),
          await compare("fold of one call", readSubjects),
          await compare("replay", readSome),
        ],
      };
    } finally {
      await small.drop();
      await large.drop();
    }
  },
};

async function appendMore({ log }: Scratch): Promise<number> {
  const from = await log.lastPosition();
  const took = await seconds(async () => {
    for (let done = 0; done < appended; done += appendSize) {
      const events = Array.from({ length: appendSize }, (_, index) => ({
        account: "bench",
        event: sampleEvent(from + done + index),
        cause: { correlationId: "bench" },
      }));
      await log.append({ now: new Date(), events });
    }
  });
  return appended / took;
}

/** What every reaction begins with: all events of the subject, wherever in the log they lie. */
async function readSubjects({ log }: Scratch, round: number): Promise<number> {
  const last = await log.lastPosition();
  const took = await seconds(async () => {
    for (let subject = 0; subject < subjects; subject++) {
      const call = Math.floor((((subject * 7_919 + round * 104_729) % subjects) / subjects) * last);
      const { events } = await log.stream("bench", sampleEvent(call).stream);
      if (events.length !== eventsPerCall) throw new Error(`a call of ${events.length} events`);
    }
  });
  return subjects / took;
}

async function readSome({ log }: Scratch, round: number): Promise<number> {
  const last = await log.lastPosition();
  const start = Math.floor(((round % 4) / 4) * (last - replayed));
  const took = await seconds(async () => {
    for (let read = 0; read < replayed; read += 500) await log.after(start + read, 500);
  });
  return replayed / took;
}
