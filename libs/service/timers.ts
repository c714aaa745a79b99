import { createBell, systemAlarms } from "@callbridge/bus";
import type { Due, DueEntry } from "@callbridge/event-log";
import type { Runtime } from "./runtime.ts";
import { shareOf } from "./share.ts";

/** Rows worked on at once, mostly waiting for a vendor. A slow one holds up nobody but itself; accounts have equal parts. */
const runsMax = 32;
/** A row that was claimed before without an answer may have killed its process: one at a time, so that only it dies again. */
const suspectsMax = 1;
/** After this many claims without an answer a row is set aside for a person: with its delivery that is the fifth death. */
const crashesMax = 4;
/** A claimed row comes back by itself this long after its process died; it is hidden anew while the work goes on. */
const hiddenMs = 30_000;
/** Rows are also written by other processes (replicas, the command line); this is how late they may be noticed. */
const duePollMs = 1_000;

export type Timers = {
  /** Something was written: look when it is due. */
  look: () => void;
  stop: () => Promise<void>;
};

/** What becomes of a row: undefined when it is done, else its next time (none: a dead letter). */
export type NextRun = Pick<DueEntry, "at" | "attempt" | "because"> | undefined;

/**
 * Runs the rows of `due` of these accounts when their time has come; others' stay for whoever works for them. A run that
 * throws leaves its row to come back.
 */
export function startTimers(
  consumer: string,
  accounts: readonly string[],
  runtime: Runtime,
  run: (due: Due) => Promise<NextRun>,
  pollMs = duePollMs,
): Timers {
  const { log, clock, logger, alarms = systemAlarms } = runtime;
  const bell = createBell(alarms);
  const share = shareOf(runsMax, accounts.length);
  const fresh = new Map(accounts.map((account) => [account, new Set<Promise<void>>()]));
  const suspects = new Set<Promise<void>>();
  let stopped = false;
  const finished = loop();
  return {
    look: bell.ring,
    stop: async () => {
      stopped = true;
      bell.ring();
      await finished;
    },
  };

  async function loop(): Promise<void> {
    while (!stopped) {
      let waitMs = pollMs;
      try {
        const now = clock();
        const free = new Map([...fresh].map(([account, running]) => [account, share - running.size]));
        const limits = { fresh: free, suspects: suspectsMax - suspects.size };
        for (const due of await log.claimDue(consumer, now, limits, hiddenMs)) begin(due);
        const next = await log.nextDueAt(consumer, accounts, now);
        if (next) waitMs = Math.max(0, Math.min(pollMs, next.getTime() - clock().getTime()));
      } catch (error) {
        logger.warn({ err: error }, "timers cannot read the database");
      }
      if (!stopped) await bell.wait(waitMs);
    }
    await Promise.all([...[...fresh.values()].flatMap((running) => [...running]), ...suspects]);
  }

  function begin(due: Due): void {
    const group = due.runs === 1 ? (fresh.get(due.account) ?? suspects) : suspects;
    const working = work(due).finally(() => {
      group.delete(working);
      bell.ring();
    });
    group.add(working);
  }

  async function work(due: Due): Promise<void> {
    const endHiding = alarms.every(hiddenMs / 3, () => {
      log.hideDue(due, new Date(clock().getTime() + hiddenMs)).catch(() => undefined);
    });
    try {
      const next = due.runs > crashesMax ? crashed(due) : await run(due);
      if (next) await log.releaseDue(due, clock(), next);
      else await log.finishDue(due);
    } catch (error) {
      if (!stopped) logger.warn({ err: error, key: due.key }, "a timer could not be worked off");
      const { attempt, because } = due;
      const at = new Date(clock().getTime() + duePollMs);
      // When this fails too, it comes back after `hiddenMs`.
      await log.releaseDue(due, clock(), { at, attempt, because }).catch(() => undefined);
    } finally {
      endHiding();
    }
  }

  function crashed({ key, position, attempt, runs }: Due): NextRun {
    const because = `its process died again and again (${runs - 1} times in a row)`;
    logger.error({ key, position, because }, "dead letter");
    return { at: undefined, attempt, because };
  }
}
