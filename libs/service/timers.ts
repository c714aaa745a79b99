import type { Due } from "@callbridge/event-log";
import type { Runtime } from "./runtime.ts";

const claimMax = 32;
/** A claimed row comes back by itself this long after its process died; it is hidden anew while the work goes on. */
const hiddenMs = 30_000;
/** Rows are also written by other processes (replicas, the command line); this is how late they may be noticed. */
const pollMaxMs = 1_000;

export type Timers = {
  /** Something was written: look when it is due. */
  look: () => void;
  stop: () => Promise<void>;
};

/** Runs the rows of `due` when their time has come. A run that throws leaves its row to come back. */
export function startTimers(consumer: string, runtime: Runtime, run: (due: Due) => Promise<void>): Timers {
  const { log, clock, logger } = runtime;
  let stopped = false;
  let wake: () => void = () => undefined;
  const finished = loop();
  return {
    look: () => wake(),
    stop: async () => {
      stopped = true;
      wake();
      await finished;
    },
  };

  async function loop(): Promise<void> {
    while (!stopped) {
      try {
        const claimed = await log.claimDue(consumer, clock(), claimMax, hiddenMs);
        await Promise.all(claimed.map(work));
        if (claimed.length < claimMax) await sleep(await msUntilNext());
      } catch (error) {
        logger.warn({ err: error }, "timers cannot read the database");
        await sleep(pollMaxMs);
      }
    }
  }

  async function work(claimed: Due): Promise<void> {
    let due = claimed;
    const hiding = setInterval(() => {
      const until = new Date(clock().getTime() + hiddenMs);
      log.moveDue(due, until).then(
        (moved) => {
          if (moved) due = { ...due, at: until };
        },
        () => undefined,
      );
    }, hiddenMs / 3);
    try {
      await run(due);
      clearInterval(hiding);
      await log.finishDue(due);
    } catch (error) {
      clearInterval(hiding);
      if (!stopped) logger.warn({ err: error, consumer, key: due.key }, "a timer could not be worked off");
      await log.moveDue(due, new Date(clock().getTime() + pollMaxMs)).catch(() => undefined);
    }
  }

  async function msUntilNext(): Promise<number> {
    const next = await log.nextDueAt(consumer);
    return next === undefined ? pollMaxMs : Math.max(0, Math.min(pollMaxMs, next.getTime() - clock().getTime()));
  }

  async function sleep(ms: number): Promise<void> {
    if (stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
