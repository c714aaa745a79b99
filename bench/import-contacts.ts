import assert from "node:assert/strict";
import { createKeyring } from "../libs/event-log/index.ts";
import { until } from "../libs/testing/index.ts";
import { startTwin } from "../libs/twin/index.ts";
import { askForImport, doneIn, finished, startImporter } from "../services/standalone/importer.ts";
import { scratchLog, startServers } from "./servers.ts";

/** `npm run bench:import`: thousands of contacts into CloudTalk, killed on the way, with the twin's window at 60 a second. */
const people = Number(process.argv[2] ?? 5_000);
const windowMs = 1_000;
const operationsMax = 60;
/** Half of the window is left to others, less the twentieth by which the gate stays below. */
const shareMax = Math.floor(Math.floor(operationsMax * 0.95) * 0.5);
const limitMs = 20 * 60_000;

const servers = await startServers(process.env, false);
const settings = { cloudtalkOperationsMax: operationsMax, cloudtalkWindowMs: windowMs, ghlRequestsMax: 1_000 };
const twin = await startTwin({ settings });
const scratch = await scratchLog(servers);
const place = { ...scratch, keyring: createKeyring(scratch.dataKey) };
try {
  const { cloudtalk, ghl } = twin.control.state();
  for (const { cloudtalkContactId } of twin.control.addPeople(people)) cloudtalk.contacts.delete(cloudtalkContactId);
  const total = ghl.contacts.size;
  const limit = { limitMax: Math.floor(operationsMax * 0.95), windowMs };
  twin.control.resetRequests();
  const begunAt = Date.now();
  const first = startImporter(twin, place, { limit });
  const key = await askForImport(place, "ghl", { atOnce: 100 });
  await until("half is done", async () => (await doneIn(place, key)) >= people / 2, limitMs);
  const doneAtKill = await doneIn(place, key);
  await first.die();
  process.stderr.write(`killed after ${doneAtKill} contacts, ${Math.round((Date.now() - begunAt) / 1_000)} s\n`);
  const second = startImporter(twin, place, { limit });
  const tally = await finished(place, key, limitMs);
  const seconds = Math.round((Date.now() - begunAt) / 1_000);
  await second.stop();

  const requests = twin.control.requestLog().filter(({ vendor }) => vendor === "cloudtalk");
  const times = requests.map(({ atMs }) => atMs);
  const numbers = [...cloudtalk.contacts.values()].flatMap((contact) => contact.numbers);
  const report = {
    people,
    seconds,
    tally,
    operations: twin.control.requests().vendors.cloudtalk?.operations,
    refusedByTheWindow: requests.filter(({ status }) => status === 429).length,
    busiest: { sliding: busiestSliding(times), aligned: busiestAligned(times), share: shareMax, window: operationsMax },
    twice: numbers.length - new Set(numbers).size,
  };
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  const known = total - people;
  assert.deepEqual({ ...tally, refused: {} }, { ...none(), found: total, linked: known, created: people });
  assert.equal(report.twice, 0);
  assert.equal(cloudtalk.contacts.size, total);
  assert.equal(report.refusedByTheWindow, 0);
  assert.ok(Math.max(report.busiest.sliding, report.busiest.aligned) <= operationsMax);
} finally {
  await twin.close();
  await scratch.drop();
  await servers.stop();
}

function none() {
  return { found: 0, linkedBefore: 0, linked: 0, created: 0, ambiguous: 0, withoutNumber: 0, refused: {} };
}

/** The most requests that any window held, wherever it begins. */
function busiestSliding(times: readonly number[]): number {
  return Math.max(
    ...times.map((from, first) => times.filter((at, index) => index >= first && at < from + windowMs).length),
  );
}

/** The most requests in a window that begins with a full second of the clock. */
function busiestAligned(times: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const at of times) counts.set(Math.floor(at / windowMs), (counts.get(Math.floor(at / windowMs)) ?? 0) + 1);
  return Math.max(...counts.values());
}
