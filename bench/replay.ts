import pg from "pg";
import { alternate, type Benchmark, type Measured, median, medianRatio, seconds } from "./benchmark.ts";
import { fill } from "./fill.ts";
import { type Scratch, scratchLog } from "./servers.ts";

/** Events read at once, as a rebuild does. */
const batchSize = 1_000;

export const replay: Benchmark = {
  name: "replay",
  tells: "events read, decrypted, checked and upcast over the rows of COPY … TO STDOUT",
  run: async (servers, { quick }): Promise<Measured> => {
    const size = quick ? 20_000 : 100_000;
    const scratch = await scratchLog(servers);
    try {
      await fill(scratch, size);
      const { ours, copy } = await alternate(quick ? 3 : 5, {
        ours: async () => size / (await seconds(() => readAll(scratch, size))),
        copy: async () => size / (await seconds(() => copyAll(scratch, size))),
      });
      return {
        figures: [
          {
            name: "replay / COPY",
            value: medianRatio(ours, copy),
            unit: "ratio",
            from: { eventsPerSecond: median(ours), copyPerSecond: median(copy) },
          },
          { name: "replay", value: median(ours), unit: "per s", from: { events: size }, target: { atLeast: 40_000 } },
        ],
      };
    } finally {
      await scratch.drop();
    }
  },
};

async function readAll({ log }: Scratch, size: number): Promise<void> {
  let position = 0;
  let opened = 0;
  for (;;) {
    const events = await log.after(position, batchSize);
    opened += events.filter((event) => "externalPhone" in event.personal).length;
    position = events.at(-1)?.position ?? position;
    if (events.length < batchSize) break;
  }
  if (position !== size || opened !== size) throw new Error(`replayed up to ${position}, ${opened} opened, of ${size}`);
}

/** Nobody looks at the rows: the least that reading a log over a connection can cost. */
async function copyAll({ url }: Scratch, size: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const copied = await new Promise<number>((resolve, reject) => {
    let rows = 0;
    client.query({
      submit: (connection: { query: (text: string) => void }) => connection.query("copy callbridge.events to stdout"),
      handleCopyData: () => {
        rows += 1;
      },
      handleError: reject,
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => resolve(rows),
    } as unknown as pg.Submittable);
  });
  await client.end();
  if (copied !== size) throw new Error(`COPY gave ${copied} rows of ${size}`);
}
