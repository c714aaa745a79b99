import { until } from "../libs/testing/index.ts";
import { type CallOptions, startTwin, type Twin } from "../libs/twin/index.ts";
import { installation } from "../services/standalone/installation.ts";
import { alternate, type Benchmark, type Figure, median } from "./benchmark.ts";
import { scratchLog } from "./servers.ts";

const limitMs = 60_000;
/** Both ids in every webhook: without them a call waits for its other webhook, which is the vendor's time and not ours. */
const both: CallOptions = { ids: { ended: "both", recording: "both" }, template: "rich", skip: ["call-started"] };

export const latency: Benchmark = {
  name: "latency",
  tells:
    "from the webhook of a call's end to its note in the CRM, beside what the twin itself takes; requests per call",
  run: async (servers, { quick }) => {
    const scratch = await scratchLog(servers);
    const twin = await startTwin();
    const running = await installation(twin, {
      DATABASE_URL: scratch.url,
      DATA_KEY: scratch.dataKey,
      LOG_LEVEL: "warn",
    });
    try {
      await running.start();
      const rounds = quick ? 5 : 20;
      const { missed, answered, own } = await alternate(rounds, {
        missed: () => untilNoted(twin, { ...both, outcome: "missed" }),
        answered: () => untilNoted(twin, both),
        own: () => roundTrip(twin),
      });
      const oneTrip = median(own);
      return {
        figures: [
          latencyFigure("missed call", missed, oneTrip),
          latencyFigure("answered call, with recording, transcript and analysis", answered, oneTrip),
          ...(await requestsPerCall(twin, quick ? 20 : 100)),
        ],
      };
    } finally {
      await running.remove();
      await twin.close();
      await scratch.drop();
    }
  },
};

type Noted = { ms: number; requests: number };

function latencyFigure(name: string, noted: Noted[], roundTripMs: number): Figure {
  const ms = median(noted.map((one) => one.ms));
  const requests = median(noted.map((one) => one.requests));
  const twinMs = requests * roundTripMs;
  return {
    name: `webhook to note: ${name}`,
    value: ms,
    unit: "ms",
    from: { twinMs, overTwinMs: ms - twinMs, timesTwin: ms / twinMs, requests, roundTripMs },
  };
}

/** One call of a person of its own; the note is looked for in the twin's memory, so looking costs the system nothing. */
async function untilNoted(twin: Twin, options: CallOptions): Promise<Noted> {
  const [person] = twin.control.addPeople(1);
  if (!person) throw new Error("the twin adds nobody");
  const before = twin.control.requestLog().length;
  const started = performance.now();
  await twin.control.playCall({ from: person.phone, ...options });
  const hasNote = () => (twin.control.contact(person.ghlContactId)?.notes.length ?? 0) > 0;
  await untilNow(hasNote);
  return { ms: performance.now() - started, requests: twin.control.requestLog().length - before };
}

/** `until` looks every 20 ms, which is too coarse for a latency. */
async function untilNow(check: () => boolean): Promise<void> {
  const end = performance.now() + limitMs;
  while (!check()) {
    if (performance.now() > end) throw new Error(`no note within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What the twin and the connection to it take for one request: a contact, read as any client would. */
async function roundTrip(twin: Twin): Promise<number> {
  const [person] = twin.control.seeded().people;
  const started = performance.now();
  const response = await fetch(`${twin.urls.ghl}/contacts/${person?.ghlContactId}`, {
    headers: { authorization: `Bearer ${twin.credentials.ghlToken}`, version: "2021-07-28" },
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`the twin answered ${response.status}`);
  return performance.now() - started;
}

async function requestsPerCall(twin: Twin, calls: number): Promise<Figure[]> {
  const people = twin.control.addPeople(calls);
  twin.control.resetRequests();
  await Promise.all(people.map(({ phone }) => twin.control.playCall({ from: phone })));
  const isDone = (id: string) => {
    const page = twin.control.contact(id);
    return page !== undefined && page.notes.length > 0 && page.messages.length > 0 && page.customFields.length > 0;
  };
  await until("every call is in the CRM", () => people.every(({ ghlContactId }) => isDone(ghlContactId)), 180_000);
  const { vendors } = twin.control.requests();
  const perCall = (...names: (keyof typeof vendors)[]) =>
    names.reduce((sum, name) => sum + (vendors[name]?.total ?? 0), 0) / calls;
  const figure = (name: string, value: number): Figure => ({
    name: `requests per answered call: ${name}`,
    value,
    unit: "requests",
    from: { calls },
  });
  return [figure("CloudTalk", perCall("cloudtalk", "analytics")), figure("GoHighLevel", perCall("ghl"))];
}
