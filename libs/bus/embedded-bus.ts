import type { EventLog } from "@callbridge/event-log";
import type { Announcement } from "@callbridge/events";
import { type Alarms, systemAlarms } from "./alarms.ts";
import { type Bell, createBell } from "./bell.ts";
import type { Bus, Deliver } from "./bus.ts";
import { createConsumers } from "./consumers.ts";
import { createHealth } from "./health.ts";
import { pause } from "./pause.ts";
import { createSlots } from "./slots.ts";

/** Announcements read at once: 500 rows of a few dozen bytes. */
const batchSize = 500;
/** A notification can get lost when the connection breaks; this is how long an event may then wait. */
const pollMsByDefault = 2_000;
const retryMs = 1_000;
const saveMarkMs = 1_000;

/** How time passes, for those who pass it themselves. */
type Options = { clock?: () => Date; alarms?: Alarms; pollMs?: number };

/** The bus of a single process: a cursor per consumer over the log, woken by NOTIFY. */
export function createEmbeddedBus(
  log: EventLog,
  { clock = () => new Date(), alarms = systemAlarms, pollMs = pollMsByDefault }: Options = {},
): Bus {
  const wakers = new Set<() => void>();
  const listener = log.listen(() => {
    for (const wake of wakers) wake();
  });
  const consumers = createConsumers();
  const health = createHealth();

  return {
    consume: (consumer, deliver, { concurrency }) =>
      consumers.start(async (signal) => {
        const bell = createBell(alarms);
        wakers.add(bell.ring);
        signal.addEventListener("abort", bell.ring, { once: true });
        await run(consumer, deliver, concurrency, bell, signal);
        wakers.delete(bell.ring);
      }),
    health: health.now,
    close: async () => {
      await consumers.stopAll();
      await listener.close();
    },
  };

  async function run(consumer: string, deliver: Deliver, concurrency: number, bell: Bell, signal: AbortSignal) {
    const slots = createSlots(concurrency);
    const open = new Set<number>();
    const start = await persist(async () => {
      const isNew = await log.saveMark(consumer, 0, clock());
      const [mark, last] = [await log.readMark(consumer), await log.lastPosition()];
      return { mark, inHandUpTo: isNew ? 0 : last };
    }, signal);
    if (start === undefined) return;
    let cursor = start.mark;
    let saved = cursor;
    let savedAt = 0;
    // Everything below the oldest event still in hand is done.
    const mark = () => (open.size === 0 ? cursor : Math.min(...open) - 1);
    const save = async () => {
      const position = mark();
      savedAt = clock().getTime();
      if (position <= saved) return;
      await log.saveMark(consumer, position, clock());
      saved = position;
    };

    while (!signal.aborted) {
      const batch = await persist(() => log.announcements(cursor, batchSize), signal);
      for (const announcement of batch ?? []) {
        await slots.take();
        if (signal.aborted) {
          slots.run(Promise.resolve());
          break;
        }
        cursor = announcement.position;
        open.add(announcement.position);
        // Which events were in hand when the process ended nobody knows: all that were there already may have been.
        const before = announcement.position <= start.inHandUpTo ? 1 : 0;
        slots.run(
          deliverUntilDone(announcement, before, deliver, signal).then((done) => {
            if (done) open.delete(announcement.position);
          }),
        );
      }
      if (clock().getTime() - savedAt >= saveMarkMs) await save().catch(() => undefined);
      if ((batch?.length ?? 0) < batchSize) await bell.wait(pollMs);
    }
    await slots.idle();
    await save().catch(() => undefined);
  }

  async function deliverUntilDone(
    announcement: Announcement,
    before: number,
    deliver: Deliver,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (let deliveries = before + 1; ; deliveries++) {
      try {
        await deliver(announcement, deliveries);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        health.fails(error);
        await pause(retryMs, signal, alarms);
        if (signal.aborted) return false;
      }
    }
  }

  /** Repeats a read until the database answers. Undefined: stopped meanwhile. */
  async function persist<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    while (!signal.aborted) {
      try {
        const value = await read();
        health.works();
        return value;
      } catch (error) {
        health.fails(error);
        await pause(retryMs, signal, alarms);
      }
    }
    return undefined;
  }
}
