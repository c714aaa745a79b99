import type { EventQuery } from "@callbridge/event-log";
import type { EventType } from "@callbridge/events";
import { type DryRun, dryRun } from "@callbridge/service";
import type { CliDeps } from "./deps.ts";
import type { OpenLog } from "./open-log.ts";
import { startProgress } from "./progress.ts";
import type { Listener } from "./replay.ts";
import { table } from "./table.ts";

const pageSize = 200;
/** Handlers asked at once: each loads its subject, over the pool's connections. */
const concurrency = 8;
const examplesMax = 3;

type Prediction = { service: string; handler: string; would: string; count: number; examples: string[] };

/** Asks every handler about every event what it would do, and counts the answers. */
export async function predict(
  deps: CliDeps,
  { log, keyring }: OpenLog,
  query: EventQuery,
  events: number,
  listeners: readonly Listener[],
): Promise<{ list: Prediction[]; text: (width: number | undefined) => string }> {
  const found = new Map<string, Prediction>();
  const count = (service: string, handler: string, would: string, example: string) => {
    const key = `${service}/${handler}/${would}`;
    const prediction = found.get(key) ?? { service, handler, would, count: 0, examples: [] };
    prediction.count += 1;
    if (prediction.examples.length < examplesMax) prediction.examples.push(example);
    found.set(key, prediction);
  };
  /** Several are asked at once, and what they answer is counted in order of position. */
  const look = async (position: number): Promise<(() => void)[]> => {
    const event = await log.at(position);
    const answers: (() => void)[] = [];
    if (!event) return answers;
    for (const { service, handler } of listeners) {
      if (!handler.on.includes(event.type as EventType)) continue;
      const answer = await dryRun(handler, event, { log, keyring, clock: deps.clock });
      for (const [would, what] of told(answer)) {
        answers.push(() => count(service, handler.name, would, `${position} ${what}`.trimEnd()));
      }
    }
    return answers;
  };
  const progress = startProgress(deps, events, "events");
  for (let cursor = 0; ; ) {
    const page = await query.after(cursor, pageSize);
    const last = page.at(-1);
    if (!last || deps.signal.aborted) break;
    for (let first = 0; first < page.length; first += concurrency) {
      const asked = page.slice(first, first + concurrency).map(({ position }) => look(position));
      for (const answer of (await Promise.all(asked)).flat()) answer();
    }
    progress.add(page.length);
    cursor = last.position;
  }
  progress.stop();
  const list = [...found.values()].sort((a, b) => order(a).localeCompare(order(b)));
  const rows = list.map(({ service, handler, would, count: times, examples }) => [
    ...[service, handler, would, String(times), examples.join(", ")],
  ]);
  const header = ["service", "handler", "would", "times", "e.g. position and what"];
  return { list, text: (width) => (rows.length === 0 ? "No event matches." : table(header, rows, width)) };
}

/** What it would do in a few words that repeat, and what exactly. */
function told(answer: DryRun): [would: string, what: string][] {
  switch (answer.outcome) {
    case "nothing":
      return [["do nothing", ""]];
    case "asks":
      return [["ask the vendor and then decide", answer.what]];
    case "leases":
      return [["work under a lease", answer.lease]];
    case "fails":
      return [[`fail: ${answer.because}`, ""]];
    case "decides":
      return [
        ...answer.append.map(({ type, stream }): [string, string] => [`append ${type}`, stream]),
        ...answer.intend.map(({ kind, effect }): [string, string] => [`intend ${kind}`, effect]),
        ...answer.wake.map(({ at, key }): [string, string] => ["look again later", `${key} at ${at}`]),
      ];
  }
}

const order = ({ service, handler, would }: Prediction) => `${service} ${handler} ${would}`;
