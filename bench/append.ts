import { randomBytes } from "node:crypto";
import pg from "pg";
import type { NewEvent } from "../libs/events/index.ts";
import { alternate, type Benchmark, type Figure, median, medianRatio, seconds } from "./benchmark.ts";
import { batchWithDuplicates, freshIn } from "./sample.ts";
import { checkpoint, query, type Scratch, type Servers, scratchLog } from "./servers.ts";

const account = "bench";
const settings = [
  { size: 20, writers: 1 },
  { size: 20, writers: 4 },
  { size: 100, writers: 1 },
  { size: 100, writers: 4 },
];
/** Bytes that sealing adds to a personal part: nonce and tag of AES-256-GCM. */
const sealBytes = 28;

export const append: Benchmark = {
  name: "append",
  tells: "events appended (sealed, checked, in order) over finished rows by multi-row INSERT, 10 % duplicates",
  run: async (servers, { quick }) => {
    const figures: Figure[] = [];
    for (const setting of settings) figures.push(await compare(servers, setting, quick));
    return { figures };
  },
};

async function compare(servers: Servers, { size, writers }: { size: number; writers: number }, quick: boolean) {
  const scratch = await scratchLog(servers);
  const pool = new pg.Pool({ connectionString: scratch.url, max: writers });
  const batchesEach = Math.ceil((quick ? 4_000 : 20_000) / size / writers);
  try {
    await preparePlain(scratch);
    // Each way and round has calls of its own, each writer a part of them.
    const work = async (round: number, offer: (events: NewEvent[]) => Promise<unknown>) => {
      await checkpoint(servers);
      const took = await seconds(() =>
        Promise.all(
          Array.from({ length: writers }, async (_, writer) => {
            const start = (round * writers + writer) * batchesEach * freshIn(size);
            for (let batch = 0; batch < batchesEach; batch++) {
              await offer(batchWithDuplicates(start + batch * freshIn(size), size));
            }
          }),
        ),
      );
      return (batchesEach * writers * size) / took;
    };
    const { ours, plain } = await alternate(quick ? 2 : 5, {
      ours: (round) => work(round, (events) => appendAll(scratch, events)),
      plain: (round) => work(round, (events) => insertAll(pool, events)),
    });
    await sameRows(scratch);
    const figure: Figure = {
      name: `append / INSERT, ${size} rows, ${writers} writer${writers > 1 ? "s" : ""}`,
      value: medianRatio(ours, plain),
      unit: "ratio",
      from: { oursPerSecond: median(ours), insertPerSecond: median(plain) },
      target: { atLeast: 0.7 },
    };
    return figure;
  } finally {
    await pool.end();
    await scratch.drop();
  }
}

function appendAll({ log }: Scratch, events: NewEvent[]) {
  const cause = { correlationId: "bench" };
  return log.append({ now: new Date(), events: events.map((event) => ({ account, event, cause })) });
}

/** The same table and indexes; positions from a sequence, which leaves gaps where the log has none. */
async function preparePlain({ url }: Scratch): Promise<void> {
  await query(url, "create table plain (like callbridge.events including all)");
  await query(url, "create sequence plain_position owned by plain.position");
  await query(url, "alter table plain alter position set default nextval('plain_position')");
}

const columns = [
  ...["id", "account", "stream", "type", "version", "key", "time", "recorded_at", "source", "correlation_id"],
  ...["data", "personal", "personal_key"],
];

let ids = 0;
/** Ascending, as the log's own are: random ones would cost the plain way more. */
const nextId = () => `01900000-0000-7000-8000-${(++ids).toString(16).padStart(12, "0")}`;

async function insertAll(pool: pg.Pool, events: NewEvent[]): Promise<void> {
  const personalKey = nextId();
  const values = events.flatMap((event) => [
    nextId(),
    account,
    event.stream,
    event.type,
    1,
    "fact" in event.key ? event.key.fact : "",
    event.time,
    new Date(),
    event.source,
    "bench",
    JSON.stringify(event.data),
    randomBytes(JSON.stringify(event.personal).length + sealBytes),
    personalKey,
  ]);
  const row = (_: unknown, index: number) => `(${columns.map((_c, at) => `$${index * columns.length + at + 1}`)})`;
  await pool.query({
    name: `insert-${events.length}`,
    text: `insert into plain (${columns}) values ${events.map(row)} on conflict (account, key) do nothing`,
    values,
  });
}

/** Both ways have to end with the same facts, and the log without a gap. */
async function sameRows({ url }: Scratch): Promise<void> {
  const [row = {}] = await query(
    url,
    `select (select count(*) from callbridge.events) = (select count(*) from plain) as same,
      (select count(*) from callbridge.events) = (select max(position) from callbridge.events) as gapless`,
  );
  if (row.same !== true || row.gapless !== true) throw new Error(`the rows are not the same: ${JSON.stringify(row)}`);
}
