import type { EventLog } from "@callbridge/event-log";
import type { MemoryLog } from "../../../libs/testing/memory-log.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Random } from "./random.ts";
import type { SimulatedTime } from "./simulated-time.ts";

type World = { log: MemoryLog; time: SimulatedTime; random: Random };

const lostConnection = () => new Error("the connection to the database was lost");

/** Every function that the services use is a port of its own; a notification may get lost. */
export function portedLog({ log, time, random }: World, process: SimulatedProcess): EventLog {
  const port =
    <Given extends unknown[], T>(name: string, run: (...given: Given) => Promise<T>) =>
    (...given: Given): Promise<T> =>
      process.port(`log.${name}`, () => run(...given), lostConnection);
  return {
    ...log,
    append: port("append", log.append),
    stream: port("stream", log.stream),
    knownStreams: port("knownStreams", log.knownStreams),
    target: port("target", log.target),
    at: port("at", log.at),
    announcements: port("announcements", log.announcements),
    lastPosition: port("lastPosition", log.lastPosition),
    putDue: port("putDue", log.putDue),
    keepDue: port("keepDue", log.keepDue),
    claimDue: port("claimDue", log.claimDue),
    hideDue: port("hideDue", log.hideDue),
    finishDue: port("finishDue", log.finishDue),
    releaseDue: port("releaseDue", log.releaseDue),
    nextDueAt: port("nextDueAt", log.nextDueAt),
    takeLease: port("takeLease", log.takeLease),
    releaseLease: port("releaseLease", log.releaseLease),
    takeToken: port("takeToken", log.takeToken),
    block: port("block", log.block),
    countFailure: port("countFailure", log.countFailure),
    clearFailures: port("clearFailures", log.clearFailures),
    readMark: port("readMark", log.readMark),
    saveMark: port("saveMark", log.saveMark),
    listen: (wake) =>
      log.listen(() => {
        if (!process.alive() || random.chance(0.03)) return;
        time.after(random.between(0, 30), () => process.enter(wake));
      }),
  };
}
