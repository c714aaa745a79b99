import { type Random, seeded } from "./random.ts";

/** A person who calls or is called. `in`: who knows the number before the first call. */
type Person = { phone: string; in: "both" | "crm" | "nobody" };

type CallWebhook = "call-started" | "call-ended" | "call-recording-ready" | "call-modified";
export type ScheduledCall = {
  person: number;
  outcome: "answered" | "missed" | "voicemail";
  direction: "inbound" | "outbound";
  /** Milliseconds since the beginning. */
  startMs: number;
  endMs: number;
  /** `captured`: one id in each webhook and hardly anything else, as CloudTalk really sends; `rich`: a careful operator's. */
  template: "captured" | "rich";
  /** Those that are not lost, each with the delays of all its deliveries after the end (or start) of the call. */
  webhooks: { event: CallWebhook; afterMs: number[] }[];
  /** When the call centre's own records show the call, and when its audio is there. After the end. */
  recordsAfterMs: number;
  recordingAfterMs: number | undefined;
};

/**
 * What happens to the nth use of a port. `crash`: the process dies before the request leaves, with it on its way (`sent`),
 * or when it is applied and not answered (`after`). `pause`: the process stands still for `ms`. `refused`: surely not
 * applied; `lost`: not applied, but nobody can know; `doubt`: applied without an answer; `late`: applied after `ms`, without
 * an answer; `slow`: answered after `ms`; `outage`: everything behind the port fails for `ms`.
 */
export type Fault = { port: string; nth: number; how: How; ms: number };
type How =
  | "crash-before"
  | "crash-sent"
  | "crash-after"
  | "crash-all"
  | "pause-before"
  | "pause-after"
  | "refused"
  | "lost"
  | "doubt"
  | "late"
  | "slow"
  | "outage";

export type Schedule = {
  seed: number;
  /** `embedded`: one process over the log alone. `shared`: replicas that share a durable consumer, as over JetStream. */
  bus: "embedded" | "shared";
  replicas: number;
  callLog: "provider" | "inbound-webhook";
  /** The CRM refuses a second contact of one number. */
  forbidsDuplicates: boolean;
  searchLagMs: number;
  people: Person[];
  calls: ScheduledCall[];
  /** People who become contacts in the CRM by other ways than a call. Milliseconds since the beginning. */
  leads: number[];
  faults: Fault[];
};

/** How long a vendor may take to apply a write (DESIGN 3.10): the assumption that exactly-once rests on. */
export const settleMs = 15_000;
/** More deaths could make a row that is in hand each time a dead letter, as it should be: the fifth is the last. */
const deathsMax = 3;
/** Uses of each port per call in a run without faults, roughly: beyond it a fault would hit nothing. */
type Port = [name: string, usesPerCall: number, kind: "log" | "read" | "write" | "work"];
const ports: [Port, ...Port[]] = [
  ["log.append", 14, "log"],
  ["log.append", 14, "log"],
  ["log.putDue", 5, "log"],
  ["log.claimDue", 40, "log"],
  ["log.finishDue", 4, "log"],
  ["log.releaseDue", 3, "log"],
  ["log.takeLease", 7, "log"],
  ["log.releaseLease", 6, "log"],
  ["log.stream", 25, "log"],
  ["log.target", 4, "log"],
  ["log.announcements", 40, "log"],
  ["log.saveMark", 10, "log"],
  ["log.takeToken", 9, "log"],
  ["bus.ack", 60, "log"],
  ["ghl.createNote", 1, "write"],
  ["ghl.createNote", 1, "write"],
  ["ghl.updateNote", 1, "write"],
  ["ghl.createContact", 1, "write"],
  ["ghl.createContact", 1, "write"],
  ["ghl.logCall", 1, "write"],
  ["ghl.setCustomFields", 2, "write"],
  ["ghl.createCustomField", 6, "write"],
  ["cloudtalk.createContact", 1, "write"],
  ["ghl.findContactsByPhone", 3, "read"],
  ["ghl.notes", 1, "read"],
  ["ghl.callMessages", 1, "read"],
  ["cloudtalk.callDetails", 2, "read"],
  ["cloudtalk.callHistory", 2, "read"],
  ["recording.fetch", 2, "work"],
  ["speech.transcribe", 1, "work"],
  ["language.analyse", 1, "work"],
  ["storage.put", 3, "work"],
];
const crashes: [How, ...How[]] = ["crash-before", "crash-sent", "crash-after", "crash-after", "crash-all"];
const pauses: [How, ...How[]] = ["pause-before", "pause-after"];
const troubles: Record<Port[2], [How, ...How[]]> = {
  log: ["lost", "doubt", "slow", "outage"],
  read: ["refused", "lost", "slow"],
  write: ["refused", "lost", "doubt", "doubt", "late", "late", "slow"],
  work: ["refused", "lost", "doubt", "slow"],
};

export function scheduleOf(seed: number): Schedule {
  const random = seeded(seed);
  const people: Person[] = [
    { phone: "+393000000001", in: "both" },
    { phone: "+393000000002", in: "crm" },
    { phone: "+393000000003", in: "nobody" },
    { phone: "+393000000004", in: "nobody" },
  ];
  const calls = callsOf(random, people.length);
  const bus = random.pick(["embedded", "shared", "shared"]);
  return {
    seed,
    bus,
    replicas: bus === "embedded" ? 1 : 2,
    callLog: random.pick(["provider", "provider", "inbound-webhook"]),
    forbidsDuplicates: random.chance(0.5),
    searchLagMs: random.between(0, 5_000),
    people,
    calls,
    leads: Array.from({ length: random.pick([0, 0, 1, 2]) }, () => random.between(0, 30_000)),
    faults: faultsOf(random, calls.length),
  };
}

/** Nobody is in two calls at once, so which call is a person's last is never in doubt. */
function callsOf(random: Random, people: number): ScheduledCall[] {
  const free = new Map<number, number>();
  return Array.from({ length: random.between(1, 6) }, () => {
    // Two calls of one unknown number are the hardest: often.
    const person = random.chance(0.4) ? people - 1 : random.between(0, people - 1);
    const outcome = random.pick(["answered", "answered", "missed", "voicemail"]);
    const startMs = (free.get(person) ?? 0) + random.between(1_000, 20_000);
    const endMs = startMs + random.between(3_000, 30_000);
    free.set(person, endMs);
    return {
      person,
      outcome,
      direction: random.pick(["inbound", "inbound", "outbound"]),
      startMs,
      endMs,
      template: random.pick(["captured", "captured", "rich"]),
      webhooks: webhooksOf(random, outcome !== "missed", endMs - startMs),
      recordsAfterMs: random.between(500, 40_000),
      recordingAfterMs: outcome === "missed" ? undefined : random.between(0, 30_000),
    } satisfies ScheduledCall;
  });
}

function webhooksOf(random: Random, isRecorded: boolean, lengthMs: number): ScheduledCall["webhooks"] {
  const all: CallWebhook[] = ["call-ended"];
  if (isRecorded) all.push("call-recording-ready");
  const isLost = (event: CallWebhook) => random.chance(event === "call-ended" ? 0.05 : 0.15);
  const arriving = all.filter((event) => !isLost(event));
  if (random.chance(0.5)) arriving.push("call-started");
  if (random.chance(0.15)) arriving.push("call-modified");
  return arriving.map((event) => {
    const first = event === "call-started" ? random.between(0, 2_000) - lengthMs : random.between(0, 15_000);
    const repeats = random.chance(0.3) ? random.between(1, 3) : 0;
    // A duplicate may overtake: deliveries are not in order.
    return { event, afterMs: [first, ...Array.from({ length: repeats }, () => first + random.between(0, 60_000))] };
  });
}

function faultsOf(random: Random, calls: number): Fault[] {
  const deaths = random.between(0, deathsMax);
  return Array.from({ length: random.between(deaths, deaths + 5) }, (_, index): Fault => {
    const [port, uses, kind] = random.pick(ports);
    const nth = random.between(1, uses * calls);
    if (index < deaths) {
      // Between the gate's last look at the clock and the socket a process does nothing that it could be paused in.
      const pause = kind === "write" ? "pause-after" : random.pick(pauses);
      const how = random.chance(0.7) ? random.pick(crashes) : pause;
      // A crashed process is back within seconds or after its lease ran out; a pause may outlast lease and ack.
      const ms = random.chance(0.5) ? random.between(100, 8_000) : random.between(8_000, 90_000);
      return { port, nth, how, ms };
    }
    const how = random.pick(troubles[kind]);
    const ms = how === "late" ? random.between(1_000, settleMs) : random.between(500, kind === "log" ? 8_000 : 19_000);
    return { port, nth, how, ms };
  });
}

const quietly = { replicas: 1, forbidsDuplicates: false, searchLagMs: 3_000, leads: [], faults: [], seed: 0 };

/** One call of an unknown number with everything that can come of it, and no fault: to be broken at every step in turn. */
export function plainCall(bus: Schedule["bus"]): Schedule {
  const call: ScheduledCall = {
    ...{ person: 0, outcome: "answered", direction: "inbound", startMs: 1_000, endMs: 6_000, template: "captured" },
    webhooks: [
      { event: "call-ended", afterMs: [1_000] },
      { event: "call-recording-ready", afterMs: [3_000] },
    ],
    ...{ recordsAfterMs: 5_000, recordingAfterMs: 2_000 },
  };
  const people: Person[] = [{ phone: "+393000000003", in: "nobody" }];
  return { ...quietly, bus, callLog: "provider", people, calls: [call] };
}

/** The same schedule with one death, before or after each use of each port; idle looks are too many and all alike. */
export function deathsOf(schedule: Schedule, uses: ReadonlyMap<string, number>): Schedule[] {
  const isIdle = /^log\.(claimDue|nextDueAt|announcements|lastPosition|readMark|saveMark)$/;
  return [...uses].flatMap(([port, count]) =>
    Array.from({ length: isIdle.test(port) ? 1 : count }, (_, index) =>
      (["crash-before", "crash-sent", "crash-after"] as const).map((how): Schedule => {
        return { ...schedule, faults: [{ port, nth: index + 1, how, ms: 2_000 }] };
      }),
    ).flat(),
  );
}

/** Every schedule that is one step simpler than this one. */
export function simpler(schedule: Schedule): Schedule[] {
  const without = <T>(list: readonly T[]) => list.map((_, index) => list.filter((__, other) => other !== index));
  return [
    ...without(schedule.faults).map((faults) => ({ ...schedule, faults })),
    ...(schedule.calls.length > 1 ? without(schedule.calls).map((calls) => ({ ...schedule, calls })) : []),
    ...without(schedule.leads).map((leads) => ({ ...schedule, leads })),
    ...schedule.calls.flatMap((call, index) =>
      call.webhooks.some(({ afterMs }) => afterMs.length > 1)
        ? [{ ...schedule, calls: schedule.calls.with(index, { ...call, webhooks: call.webhooks.map(once) }) }]
        : [],
    ),
    ...(schedule.replicas > 1 ? [{ ...schedule, replicas: 1 }] : []),
  ];
}

const once = ({ event, afterMs }: ScheduledCall["webhooks"][number]) => ({ event, afterMs: afterMs.slice(0, 1) });

/** For people: what was to happen. */
export function describeSchedule({
  bus,
  replicas,
  callLog,
  calls,
  leads,
  people,
  faults,
  ...rest
}: Schedule): string[] {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  return [
    `${bus} bus, ${replicas} process(es), call log by ${callLog}, duplicates ${rest.forbidsDuplicates ? "forbidden" : "allowed"} in the CRM, search lags ${seconds(rest.searchLagMs)}`,
    ...calls.map((call, index) => {
      const { person, outcome, direction, template, webhooks, startMs, endMs } = call;
      const told = webhooks.map(({ event, afterMs }) => `${event} after ${afterMs.map(seconds).join(", ")}`);
      return `call ${index + 1}: ${direction} ${outcome}, person ${person} (known to ${people[person]?.in}), ${seconds(startMs)} to ${seconds(endMs)}, ${template}: ${told.join("; ") || "all webhooks lost"}`;
    }),
    ...leads.map((ms, index) => `lead ${index + 1} after ${seconds(ms)}`),
    ...faults.map(({ port, nth, how, ms }) => `fault: ${how} at ${port} no. ${nth} (${seconds(ms)})`),
  ];
}
