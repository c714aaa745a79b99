import type { Alarms } from "@callbridge/bus";
import type { Random } from "./random.ts";
import type { Fault } from "./schedule.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** Why a use of a port failed: surely not applied, or nobody can know. */
export type Trouble = "refused" | "unknown";
type Latency = { minMs: number; maxMs: number };

export type SimulatedProcess = {
  name: string;
  alive: () => boolean;
  /** Stood still at any moment since: whatever it held may have been taken over. */
  pausedSince: (ms: number) => boolean;
  /** Runs something in the process: never when it is dead, later when it stands still. */
  enter: (run: () => void) => void;
  alarms: Alarms;
  /** Leaves the process: `apply` happens elsewhere, and its answer comes back, unless a fault has other plans. */
  port: <T>(
    name: string,
    apply: () => T | Promise<T>,
    error: (trouble: Trouble) => Error,
    latency?: Latency,
  ) => Promise<T>;
  crash: () => void;
};

/** What hits whom: every use of a port is counted over all processes. */
export type Faults = {
  hit: (port: string) => Fault | undefined;
  isDown: (port: string) => boolean;
  injected: () => number;
  /** How often each port was used before the end of the faults. */
  uses: () => ReadonlyMap<string, number>;
  end: () => void;
};

export function plannedFaults(schedule: { faults: readonly Fault[] }, time: SimulatedTime): Faults {
  const uses = new Map<string, number>();
  const downUntil = new Map<string, number>();
  let injected = 0;
  let isOver = false;
  return {
    hit: (port) => {
      const use = (uses.get(port) ?? 0) + 1;
      if (isOver) return undefined;
      uses.set(port, use);
      const fault = schedule.faults.find((one) => one.port === port && one.nth === use);
      if (!fault) return undefined;
      injected += 1;
      if (fault.how === "outage") downUntil.set(areaOf(port), time.nowMs() + fault.ms);
      return fault;
    },
    isDown: (port) => !isOver && (downUntil.get(areaOf(port)) ?? 0) > time.nowMs(),
    injected: () => injected,
    uses: () => uses,
    end: () => {
      isOver = true;
    },
  };
}

/** A database or a broker fails as a whole. */
const areaOf = (port: string) => port.split(".")[0] ?? port;

const quick: Latency = { minMs: 0, maxMs: 2 };
/** A client gives up on a vendor that does not answer. */
const timeoutMs = 20_000;

type World = {
  time: SimulatedTime;
  random: Random;
  faults: Faults;
  trace: (line: () => string) => void;
  /** The machine starts another one after this long. */
  died: (process: SimulatedProcess, downMs: number) => void;
  crashAll: (downMs: number) => void;
};

export function simulatedProcess(name: string, { time, random, faults, trace, died, crashAll }: World) {
  const frozen: (() => void)[] = [];
  let isAlive = true;
  let pausedUntil = 0;
  let lastPausedMs = 0;

  const process: SimulatedProcess = {
    name,
    alive: () => isAlive,
    pausedSince: (ms) => lastPausedMs >= ms,
    enter: (run) => {
      if (!isAlive) return;
      if (pausedUntil > time.nowMs()) frozen.push(run);
      else run();
    },
    alarms: {
      after: (ms, ring) => {
        let isOn = true;
        const cancel = time.after(ms, () => process.enter(() => isOn && ring()));
        return () => {
          isOn = false;
          cancel();
        };
      },
      every: (ms, ring) => {
        let cancel = () => {};
        const next = () => {
          cancel = process.alarms.after(ms, () => {
            next();
            ring();
          });
        };
        next();
        return () => cancel();
      },
    },
    crash: () => {
      isAlive = false;
      frozen.length = 0;
    },
    port,
  };

  function port<T>(
    use: string,
    apply: () => T | Promise<T>,
    error: (trouble: Trouble) => Error,
    latency = quick,
  ): Promise<T> {
    if (!isAlive) return never();
    const fault = faults.hit(use);
    if (fault) trace(() => `${name} ${use} no. ${fault.nth}: ${fault.how} ${fault.ms} ms`);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const someMs = () => random.between(latency.minMs, latency.maxMs);

    const fail = (ms: number, trouble: Trouble) => {
      time.after(ms, () => process.enter(() => reject(error(trouble))));
    };
    /** Arrives after a while, unless its sender died meanwhile: then perhaps. */
    const arrive = (ms: number, then: (applied: Promise<T>) => void, surely = false) => {
      time.after(ms, () => {
        if (!isAlive && !surely && random.chance(0.5)) return;
        const applied = (async () => apply())();
        applied.catch(() => undefined);
        then(applied);
      });
    };
    const answer = (applied: Promise<T>, ms = someMs()) => {
      // An answer that takes no time is no step of its own: a third of what the simulation costs.
      const back = (settle: () => void) =>
        void (ms === 0 ? process.enter(settle) : time.after(ms, () => process.enter(settle)));
      applied.then(
        (value) => back(() => resolve(value)),
        (cause) => back(() => reject(cause)),
      );
    };
    const nobody = () => undefined;

    if (faults.isDown(use)) {
      fail(someMs(), "unknown");
      return promise;
    }
    switch (fault?.how) {
      case "crash-before":
        died(process, fault.ms);
        break;
      case "crash-sent":
        arrive(someMs(), nobody, true);
        died(process, fault.ms);
        break;
      case "crash-after":
        arrive(someMs(), () => died(process, fault.ms));
        break;
      case "crash-all":
        arrive(someMs(), () => crashAll(fault.ms));
        break;
      case "pause-before":
        pause(fault.ms);
        process.enter(() => arrive(someMs(), answer));
        break;
      case "pause-after":
        arrive(someMs(), (applied) => {
          pause(fault.ms);
          answer(applied);
        });
        break;
      case "refused":
        fail(someMs(), "refused");
        break;
      case "lost":
        fail(random.pick([someMs(), fault.ms, timeoutMs]), "unknown");
        break;
      case "doubt":
        arrive(someMs(), () => fail(random.pick([0, fault.ms, timeoutMs]), "unknown"));
        break;
      case "late":
        arrive(fault.ms, nobody, true);
        fail(random.pick([someMs(), random.between(0, fault.ms), timeoutMs]), "unknown");
        break;
      case "slow":
        arrive(someMs(), (applied) => answer(applied, fault.ms));
        break;
      default:
        arrive(someMs(), (applied) => answer(applied));
    }
    return promise;
  }

  function pause(ms: number): void {
    lastPausedMs = time.nowMs() + ms;
    pausedUntil = Math.max(pausedUntil, lastPausedMs);
    time.after(ms, () => {
      if (pausedUntil > time.nowMs()) return;
      for (const run of frozen.splice(0)) process.enter(run);
    });
  }

  return process;
}

/** Whoever waits for a dead process waits for ever, and is forgotten. */
const never = () => new Promise<never>(() => {});
