import type { Bus, Consuming } from "@callbridge/bus";
import type { Due } from "@callbridge/event-log";
import type { Announcement, LogEvent } from "@callbridge/events";
import { afterError, newerRetryMs } from "./errors.ts";
import { countHandled } from "./metrics.ts";
import type { Runtime } from "./runtime.ts";
import { shareOf } from "./share.ts";
import { type NextRun, startTimers } from "./timers.ts";

/** Something that happens to an event: a handler's decision or an effect's execution. Throws when it could not. */
export type Reaction = {
  name: string;
  on: ReadonlySet<string>;
  run: (event: LogEvent, runtime: Runtime) => Promise<void>;
};

/** Handlers mostly wait for the database and for vendors; 16 at once keep a core busy and need few connections. */
const concurrency = 16;
/** Rows of this name, which no handler may have, hold an event for a process that works for its account. */
export const held = "held";

/** What a service does with the events of each account, and why it does nothing with those of others. */
export type Accounts = {
  reactions: ReadonlyMap<string, readonly Reaction[]>;
  waiting: ReadonlyMap<string, string>;
};

/**
 * Joins a service's reactions to the bus and to its timers. Every failure becomes a row in `due`; then the event is acked.
 * So does an event of an account that this process does not work for, until one does; and one of an account whose share
 * of the reactions is in hand, so that nobody has to wait behind it.
 */
export function startConsumer(
  { reactions, waiting }: Accounts,
  bus: Bus,
  outer: Omit<Runtime, "look">,
  duePollMs?: number,
): Consuming {
  const runtime: Runtime = { ...outer, look: () => timers.look() };
  const { service: consumer, log, clock, logger, signal } = runtime;
  const accounts = [...reactions.keys()];
  const share = shareOf(concurrency, accounts.length);
  const inHand = new Map<string, number>();
  const timers = startTimers(consumer, accounts, runtime, runDue, duePollMs);
  const consuming = bus.consume(consumer, deliver, { concurrency: Math.max(concurrency, share * accounts.length) });
  return {
    stop: async () => {
      await Promise.all([consuming.stop(), timers.stop()]);
    },
  };

  async function deliver({ account, type, position }: Announcement, deliveries: number): Promise<void> {
    const own = reactions.get(account);
    if (!own) {
      const because = waiting.get(account) ?? `the account ${account} is not configured`;
      return later([held], position, because);
    }
    const interested = own.filter((reaction) => reaction.on.has(type));
    if (interested.length === 0) return;
    const names = interested.map(({ name }) => name);
    // It may have been in hand when a process died, perhaps because of it. `due` counts that, on every bus.
    if (deliveries > 1) return later(names, position, "delivered again");
    const before = inHand.get(account) ?? 0;
    if (before >= share) return later(names, position, "its account has its share of the work in hand");
    inHand.set(account, before + 1);
    try {
      await Promise.all(
        interested.map(async (reaction) => {
          const next = await attempt(reaction, position, 1);
          if (!next) return;
          await log.putDue(clock(), [{ consumer, key: keyOf(reaction.name, position), position, ...next }]);
          timers.look();
        }),
      );
    } finally {
      inHand.set(account, (inHand.get(account) ?? 1) - 1);
    }
  }

  /** The timers take it from here. */
  async function later(names: string[], position: number, because: string): Promise<void> {
    const row = { consumer, position, at: clock(), attempt: 0, because };
    await log.keepDue(
      clock(),
      names.map((name) => ({ ...row, key: keyOf(name, position) })),
    );
    timers.look();
  }

  async function runDue({ key, account, position, attempt: before }: Due): Promise<NextRun> {
    const own = reactions.get(account) ?? [];
    if (key === keyOf(held, position)) {
      const [event] = await log.announcements(position - 1, 1);
      const names = own.filter(({ on }) => event && on.has(event.type)).map(({ name }) => name);
      await later(names, position, "held until its account was configured");
      return undefined;
    }
    const reaction = own.find(({ name }) => key.startsWith(`${name}/`));
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

const keyOf = (name: string, position: number) => `${name}/retry:${position}`;

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
