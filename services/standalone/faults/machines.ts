import type { EventLog } from "@callbridge/event-log";
import { type Faults, type SimulatedProcess, simulatedProcess } from "./process.ts";
import type { Random } from "./random.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** All services of an installation in one process. */
export type Running = { process: SimulatedProcess; log: EventLog; stop: () => Promise<void> };

type World = { time: SimulatedTime; random: Random; faults: Faults; note: (line: () => string) => void };

const drainMs = 300_000;
const drainStepsMax = 300_000;

/** Machines that start processes, and start another one for each that dies. */
export function installedOn(
  { time, random, faults, note }: World,
  start: (process: SimulatedProcess, pollMs: number) => Running,
) {
  const replicas = new Set<Running>();
  let [names, deaths, isTroubled] = [0, 0, true];

  function begin(pollMs: number): void {
    names += 1;
    const dies = (process: SimulatedProcess, downMs: number) => died(process, downMs, pollMs);
    const crashAll = (downMs: number) => {
      for (const { process } of [...replicas]) died(process, downMs, pollMs);
    };
    const process = simulatedProcess(`process ${names}`, { time, random, faults, trace: note, died: dies, crashAll });
    note(() => `${process.name} starts`);
    const replica = start(process, pollMs);
    // It may have died of its first step.
    if (process.alive()) replicas.add(replica);
  }

  function died(process: SimulatedProcess, downMs: number, pollMs: number): void {
    if (!process.alive()) return;
    process.crash();
    deaths += 1;
    note(() => `${process.name} dies`);
    for (const replica of replicas) if (replica.process === process) replicas.delete(replica);
    time.after(downMs, () => isTroubled && begin(pollMs));
  }

  function off(): void {
    for (const { process } of replicas) process.crash();
    replicas.clear();
  }

  return {
    replicas: replicas as ReadonlySet<Running>,
    start: begin,
    deaths: () => deaths,
    off,
    /**
     * No more faults, and one fresh process, as after a deployment: what the others had in hand they finish or give
     * back. False: one of them does not end.
     */
    endTrouble: async (pollMs: number): Promise<boolean> => {
      isTroubled = false;
      faults.end();
      note(() => "no more trouble");
      let stopped = 0;
      const stopping = [...replicas];
      for (const { stop } of stopping) void stop().then(() => (stopped += 1));
      const isDrained = await time.runUntil(() => stopped === stopping.length, { ms: drainMs, steps: drainStepsMax });
      off();
      begin(pollMs);
      return isDrained;
    },
  };
}
