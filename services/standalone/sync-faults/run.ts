import { createKeyring } from "@callbridge/event-log";
import { evolveEffects, type LogEvent } from "@callbridge/events";
import { type TwinInProcess, twinInProcess } from "@callbridge/twin";
import { memoryLog } from "../../../libs/testing/memory-log.ts";
import { endpoints } from "../../ingress/endpoints.ts";
import { deliveries } from "../faults/deliveries.ts";
import { installedOn } from "../faults/machines.ts";
import { plannedFaults } from "../faults/process.ts";
import { seeded } from "../faults/random.ts";
import { broker } from "../faults/shared-bus.ts";
import { beginningMs, simulatedTime } from "../faults/simulated-time.ts";
import { isStanding } from "../faults/standing.ts";
import { type Ground, startInstallation } from "./installation.ts";
import { peopleAtWork } from "./people.ts";
import type { PlantedInSync } from "./planted.ts";
import type { SyncSchedule } from "./schedule.ts";

export type SyncOutcome = {
  violations: string[];
  deeds: number;
  writes: number;
  /** How often everything had come to rest and was looked at. */
  looks: number;
  faults: number;
  deaths: number;
  events: number;
  trace: string[];
};

const keyring = createKeyring(Buffer.alloc(32, 7).toString("base64"));
/** Faults go on for this long after the last deed. */
const troubledMs = 60_000;
const restLimitMs = 24 * 3_600_000;
const stepsMax = 300_000;
/** Nothing was appended for so long and nothing waits: the system has come to rest. */
const quietMs = 35_000;
/** Afterwards it must stay at rest. */
const afterlifeMs = 3_600_000;
const pollMs = 6_000;
const sparsePollMs = 60_000;
/** Own writes come back as webhooks: so many of them get lost, so many come twice. */
const echoes = { lost: 0.1, doubled: 0.2, afterMsMax: 8_000 };
const host = "http://callbridge.invalid";

/** Plays people and services on time that only this function passes, and looks whether both sides are right. */
export async function runSync(
  schedule: SyncSchedule,
  planted: PlantedInSync = {},
  isTraced = false,
): Promise<SyncOutcome> {
  const random = seeded(schedule.seed);
  const time = simulatedTime(random);
  const faults = plannedFaults(schedule, time);
  const log = memoryLog();
  const trace: string[] = [];
  const note = (line: () => string) => {
    if (isTraced) trace.push(`${((time.nowMs() - beginningMs) / 1_000).toFixed(3).padStart(9)} s  ${line()}`);
  };
  let told: readonly number[] | undefined;
  const twin = twinInProcess({
    settings: {
      ...{ webhookTarget: host, echoWrites: "both", searchLagMs: schedule.searchLagMs },
      allowDuplicateContacts: schedule.allowsDuplicates,
    },
    now: time.clock,
    send: async (path, raw) => {
      const endpoint = endpoints.find((one) => `/api${one.path}` === path);
      if (!endpoint) throw new Error(`nobody listens at ${path}`);
      for (const afterMs of told ?? echoDelays()) delivering.deliver(endpoint, () => JSON.parse(raw), afterMs);
      return new Response("{}", { status: 202 });
    },
  });
  const echoDelays = () => {
    if (random.chance(echoes.lost)) return [];
    const times = random.chance(echoes.doubled) ? 2 : 1;
    return Array.from({ length: times }, () => random.between(0, echoes.afterMsMax));
  };

  const ground: Ground = {
    ...{ schedule, planted, time, random, keyring, log, twin },
    broker: broker(time, random, log.events),
    underWay: (port, edit) => people.during(port, edit),
  };
  if (isTraced) traceEvents(log.events, log.listen, note);
  const { replicas, ...machines } = installedOn({ time, random, faults, note }, (process, poll) =>
    startInstallation(ground, process, poll),
  );
  const delivering = deliveries(time, random, keyring, () => [...replicas]);
  const people = peopleAtWork(schedule, twin, { note, nowMs: time.nowMs, events: log.events }, (delays, deed) => {
    told = delays;
    const done = deed();
    told = undefined;
    return done;
  });

  const violations: string[] = [];
  let looks = 0;
  const find = (found: string[]) => {
    looks += 1;
    violations.push(...found.map((line) => `${((time.nowMs() - beginningMs) / 1_000).toFixed(0)} s: ${line}`));
  };
  const isQuiet = quiet(ground, () => delivering.waiting() === 0 && replicas.size > 0);

  await people.begin();
  for (let index = 0; index < (schedule.bus === "shared" ? 2 : 1); index++) machines.start(pollMs);
  let atMs = 5_000;
  for (const deed of schedule.deeds) {
    atMs += deed.afterMs;
    time.after(atMs, () => {
      if (isQuiet(quietMs) && violations.length === 0) find(people.look(log.events()));
      people.plan(deed);
    });
  }
  const endMs = beginningMs + atMs + troubledMs;
  await time.runUntil(() => time.nowMs() >= endMs, { ms: restLimitMs, steps: stepsMax });
  people.stop();
  const isDrained = await machines.endTrouble(sparsePollMs);
  const rest = async (what: string) => {
    let nextLookMs = 0;
    const isOver = () => {
      if (time.nowMs() < nextLookMs) return false;
      nextLookMs = time.nowMs() + 5_000;
      return isQuiet(130_000);
    };
    if (!(await time.runUntil(isOver, { ms: restLimitMs, steps: stepsMax })))
      violations.push(`${what}: it does not come to rest`);
  };
  if (!isDrained) violations.push("a process does not drain");
  await rest("after the last deed");
  if (violations.length === 0) find(people.look(log.events()));
  // The safety sweep: whoever has a record is looked at once more.
  for (const { endpoint, body } of people.finalHints())
    delivering.deliver(endpoint, () => body, random.between(0, 5_000));
  await rest("after the last hint");
  people.allTold();
  if (violations.length === 0)
    find([...people.look(log.events()), ...brokenLog(log.events(), log.due(), delivering.promised())]);
  const before = { writes: writesIn(twin), intents: intentsIn(log.events()) };
  const lateMs = time.nowMs() + afterlifeMs;
  await time.runUntil(() => time.nowMs() >= lateMs, { ms: 2 * afterlifeMs, steps: stepsMax });
  machines.off();
  if (writesIn(twin) !== before.writes || intentsIn(log.events()) !== before.intents) {
    violations.push("it writes on after it came to rest");
  }
  return {
    ...{ violations, deeds: people.deeds(), writes: before.writes, looks, faults: faults.injected(), trace },
    ...{ deaths: machines.deaths(), events: log.events().length },
  };
}

const writesIn = (twin: TwinInProcess) =>
  twin.control.requestLog().filter(({ method, operation }) => method !== "GET" && operation !== "contacts.search")
    .length;
const intentsIn = (events: readonly LogEvent[]) => events.filter(({ type }) => type === "effect.intended").length;

/** Nothing was appended for a while, and nothing waits for anything. */
function quiet({ log, time, broker }: Ground, isIdle: () => boolean): (forMs: number) => boolean {
  let [seen, seenMs] = [0, 0];
  log.listen(() => {
    seen = log.events().length;
    seenMs = time.nowMs();
  });
  return (forMs) => {
    const noDue = log.due().every((row) => row.at === undefined || isStanding(row));
    const open = [...log.events().reduce(evolveEffects, new Map()).values()].some(({ end }) => end === undefined);
    return noDue && !open && seen > 0 && isIdle() && broker.open() === 0 && time.nowMs() - seenMs >= forMs;
  };
}

function brokenLog(
  events: readonly LogEvent[],
  due: ReturnType<Ground["log"]["due"]>,
  promised: readonly string[],
): string[] {
  const known = new Set(events.map(({ id }) => id));
  // Whoever deletes a record while it is being written to is faster.
  const bad = events.filter(
    ({ type, data }) => type === "effect.failed" && "final" in data && data.final && !/not found/i.test(data.because),
  );
  return [
    ...promised.filter((id) => !known.has(id)).map((id) => `event ${id} was accepted and is not in the log`),
    ...bad.map(
      ({ data }) =>
        `the write ${"effect" in data ? data.effect : ""} was given up: ${"because" in data && data.because}`,
    ),
    ...due.filter(({ at }) => at === undefined).map(({ key, because }) => `dead: ${key} (${because})`),
  ];
}

function traceEvents(
  events: () => readonly LogEvent[],
  listen: (wake: () => void) => unknown,
  note: (line: () => string) => void,
) {
  let told = 0;
  listen(() => {
    for (const { position, type, stream, data, personal } of events().slice(told)) {
      const about = ["effect.", "contact."].some((one) => type.startsWith(one))
        ? JSON.stringify({ ...data, ...personal })
        : "";
      note(() => `${position} ${type} in ${stream} ${about}`);
    }
    told = events().length;
  });
}
