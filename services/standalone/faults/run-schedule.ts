import { createKeyring } from "@callbridge/event-log";
import { memoryLog } from "../../../libs/testing/memory-log.ts";
import { callCentre } from "./call-centre.ts";
import { crm } from "./crm.ts";
import { deliveries } from "./deliveries.ts";
import { installedOn } from "./machines.ts";
import { violations } from "./oracle.ts";
import type { Planted } from "./planted.ts";
import { plannedFaults } from "./process.ts";
import { seeded } from "./random.ts";
import { type Surroundings, startReplica } from "./replica.ts";
import type { Schedule } from "./schedule.ts";
import { broker } from "./shared-bus.ts";
import { beginningMs, simulatedTime } from "./simulated-time.ts";
import { isStanding } from "./standing.ts";
import { senders } from "./webhooks.ts";
import { works } from "./works.ts";

export type Outcome = {
  violations: string[];
  /** Faults that hit something. */
  faults: number;
  deaths: number;
  events: number;
  simulatedMs: number;
  /** How often each port was used while faults could come. */
  uses: ReadonlyMap<string, number>;
  trace: string[];
};

const keyring = createKeyring(Buffer.alloc(32, 7).toString("base64"));

/** Faults come while calls are worked on, and for this long after the last one. */
const troubledMs = 150_000;
/** Afterwards nothing goes wrong any more; whoever waits for hours is waited for. */
const restLimitMs = 24 * 3_600_000;
const stepsMax = 300_000;
/** Two sweeps of the call history find what every webhook was lost of. */
const sweptMs = 400_000;
const quietMs = 130_000;

/** Plays a schedule to its end, on time that only this function passes. */
export async function runSchedule(schedule: Schedule, planted: Planted = {}, isTraced = false): Promise<Outcome> {
  const random = seeded(schedule.seed ^ 0x5eed);
  const time = simulatedTime(random);
  const faults = plannedFaults(schedule, time);
  const log = memoryLog();
  const centre = callCentre(schedule);
  const surroundings: Surroundings = {
    ...{ schedule, planted, time, random, keyring, log, callCentre: centre, objects: new Map() },
    broker: broker(time, random, log.events),
    crm: crm(time, schedule.searchLagMs),
    works: works(time, keyring, centre),
  };
  for (const person of schedule.people) if (person.in !== "nobody") surroundings.crm.add(person.phone);

  const trace: string[] = [];
  const note = (line: () => string) => {
    if (isTraced) trace.push(`${((time.nowMs() - beginningMs) / 1_000).toFixed(3).padStart(9)} s  ${line()}`);
  };
  if (isTraced) traceEvents(surroundings, note);

  const { replicas, ...machines } = installedOn({ time, random, faults, note }, (process, pollMs) =>
    startReplica(surroundings, process, pollMs),
  );

  const delivering = deliveries(time, random, keyring, () => [...replicas]);
  const sending = senders(delivering, time, random);
  const leadPhones = schedule.leads.map((ms, index) => {
    const phone = `+39300000010${index}`;
    sending.reportLead(surroundings.crm, phone, ms);
    return phone;
  });
  for (const call of centre.calls) sending.reportCall(call);
  for (let index = 0; index < schedule.replicas; index++) machines.start(pollMs);

  const lastMs = Math.max(...schedule.calls.map(({ endMs }) => endMs), ...schedule.leads, 0);
  const troubleEndMs = beginningMs + lastMs + troubledMs;
  await time.runUntil(() => time.nowMs() >= troubleEndMs, { ms: restLimitMs, steps: stepsMax });
  const isDrained = await machines.endTrouble(sparsePollMs);

  const isQuiet = quiet(surroundings, () => delivering.waiting() === 0, troubleEndMs);
  const isAtRest = await time.runUntil(isQuiet, { ms: restLimitMs, steps: stepsMax });
  machines.off();
  return {
    violations: [
      ...(isDrained ? [] : ["a process does not drain"]),
      ...(isAtRest ? [] : ["it does not come to rest"]),
      ...violations({
        ...{ schedule, log, crm: surroundings.crm, callCentre: centre, keyring, leadPhones },
        ...{ promised: delivering.promised(), doubledWork: surroundings.works.doubled() },
      }),
    ],
    ...{ faults: faults.injected(), deaths: machines.deaths(), events: log.events().length, trace },
    simulatedMs: time.nowMs() - beginningMs,
    uses: faults.uses(),
  };
}

/** Rarer than in the product: most looks see nothing, and every look is a step of the simulation. */
const pollMs = 6_000;
const sparsePollMs = 60_000;

/** Nothing was appended for a while, nothing waits, and everything was swept. */
function quiet({ log, time, broker }: Surroundings, areAnswered: () => boolean, sinceMs: number): () => boolean {
  let nextLookMs = 0;
  let seen = 0;
  let seenMs = 0;
  return () => {
    const now = time.nowMs();
    if (now < nextLookMs) return false;
    nextLookMs = now + 10_000;
    if (log.events().length !== seen) {
      seen = log.events().length;
      seenMs = now;
    }
    const isIdle = log.due().every((row) => row.at === undefined || isStanding(row));
    return isIdle && areAnswered() && broker.open() === 0 && now - seenMs >= quietMs && now - sinceMs >= sweptMs;
  };
}

function traceEvents({ log }: Surroundings, note: (line: () => string) => void): void {
  let told = 0;
  log.listen(() => {
    for (const { position, type, stream, data } of log.events().slice(told)) {
      const about = "effect" in data ? ` ${data.effect}` : "";
      note(() => `${position} ${type}${about} in ${stream}`);
    }
    told = log.events().length;
  });
}
