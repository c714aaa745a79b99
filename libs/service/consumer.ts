import type { Bus, Consuming } from "@callbridge/bus";
import type { Due } from "@callbridge/event-log";
import type { Announcement, LogEvent } from "@callbridge/events";
import { afterError, newerRetryMs } from "./errors.ts";
import { countHandled } from "./metrics.ts";
import type { Runtime } from "./runtime.ts";
import { type NextRun, startTimers } from "./timers.ts";

/** Something that happens to an event: a handler's decision or an effect's execution. Throws when it could not. */
export type Reaction = {
  name: string;
  on: ReadonlySet<string>;
  run: (event: LogEvent, runtime: Runtime) => Promise<void>;
};

/** Handlers mostly wait for the database and for vendors; 16 at once keep a core busy and need few connections. */
const concurrency = 16;

/** Joins a service's reactions to the bus and to its timers. Every failure becomes a row in `due`; then the event is acked. */
export function startConsumer(
  reactions: readonly Reaction[],
  bus: Bus,
  outer: Omit<Runtime, "look">,
  duePollMs?: number,
): Consuming {
  const runtime: Runtime = { ...outer, look: () => timers.look() };
  const { service: consumer, log, clock, logger, signal } = runtime;
  const timers = startTimers(consumer, runtime, runDue, duePollMs);
  const consuming = bus.consume(consumer, deliver, { concurrency });
  return {
    stop: async () => {
      await Promise.all([consuming.stop(), timers.stop()]);
    },
  };

  async function deliver({ type, position }: Announcement, deliveries: number): Promise<void> {
    const interested = reactions.filter((reaction) => reaction.on.has(type));
    if (interested.length === 0) return;
    const keyOf = (reaction: Reaction) => `${reaction.name}/retry:${position}`;
    if (deliveries > 1) {
      // It may have been in hand when a process died, perhaps because of it. `due` counts that, on every bus.
      const row = { consumer, position, at: clock(), attempt: 0, because: "delivered again" };
      await log.keepDue(
        clock(),
        interested.map((reaction) => ({ ...row, key: keyOf(reaction) })),
      );
      timers.look();
      return;
    }
    await Promise.all(
      interested.map(async (reaction) => {
        const next = await attempt(reaction, position, 1);
        if (!next) return;
        await log.putDue(clock(), [{ consumer, key: keyOf(reaction), position, ...next }]);
        timers.look();
      }),
    );
  }

  async function runDue({ key, position, attempt: before }: Due): Promise<NextRun> {
    const reaction = reactions.find(({ name }) => key.startsWith(`${name}/`));
    if (reaction) return attempt(reaction, position, before + 1);
    // Written by a newer build (or for a handler that is no more): not ours to throw away.
    const because = "this build has no handler of this name";
    logger.warn({ key, position }, because);
    return { at: new Date(clock().getTime() + newerRetryMs), attempt: before, because };
  }

  async function attempt(reaction: Reaction, position: number, count: number): Promise<NextRun> {
    let event: LogEvent | undefined;
    try {
      event = await log.at(position);
      if (event) await unlessAborted(reaction.run(event, runtime), signal);
      countHandled(consumer, "done");
      return undefined;
    } catch (error) {
      // Not done, and nobody's fault: the same event or row comes again at the next start.
      if (signal.aborted) throw error;
      const next = afterError(error, count);
      const { because } = next;
      const about = { reaction: reaction.name, position, type: event?.type, correlationId: event?.correlationId };
      countHandled(consumer, next.dead ? "dead" : next.asked ? "later" : "retried");
      if (next.dead) {
        logger.error({ ...about, err: error, attempt: count }, "dead letter");
        return { at: undefined, attempt: count, because };
      }
      const { asked, afterMs } = next;
      if (asked) logger.info({ ...about, because, afterMs }, "later");
      else logger.warn({ ...about, because, attempt: count, afterMs }, "will be tried again");
      return { at: new Date(clock().getTime() + afterMs), attempt: asked ? count - 1 : count, because };
    }
  }
}

/** Stops waiting for work that does not heed the signal; what it still does is refused by its keys or harmless. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(new Error("the service stopped before this was done"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
