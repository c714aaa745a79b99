import type { Bus, Consuming } from "@callbridge/bus";
import type { DueEntry } from "@callbridge/event-log";
import { type Announcement, eventVersion, type LogEvent } from "@callbridge/events";
import { afterError, Permanent } from "./errors.ts";
import type { Runtime } from "./runtime.ts";
import { startTimers } from "./timers.ts";

/** Something that happens to an event: a handler's decision or an effect's execution. Throws when it could not. */
export type Reaction = {
  name: string;
  on: ReadonlySet<string>;
  run: (event: LogEvent, runtime: Runtime) => Promise<void>;
};

/** Handlers mostly wait for the database and for vendors; 16 at once keep a core busy and need few connections. */
const concurrency = 16;
/** After this many deliveries without an ack the process has died each time: the event is set aside for a person. */
const crashesMax = 5;
/** How long an event of a version that only a newer build knows is put off. */
const newerRetryMs = 600_000;

/** Joins a service's reactions to the bus and to its timers. Every failure becomes a row in `due`; then the event is acked. */
export function startConsumer(reactions: readonly Reaction[], bus: Bus, outer: Omit<Runtime, "look">): Consuming {
  const runtime: Runtime = { ...outer, look: () => timers.look() };
  const { service: name, log, clock, logger } = runtime;
  const timers = startTimers(name, runtime, async (due) => {
    const reaction = reactions.find((one) => due.key.startsWith(`${one.name}/`));
    const event = reaction && (await log.at(due.position));
    if (event) await attempt(reaction, event, due.attempt + 1, due.key);
  });
  const consuming = bus.consume(name, deliver, { concurrency });
  return {
    stop: async () => {
      await consuming.stop();
      await timers.stop();
    },
  };

  async function deliver(announcement: Announcement, deliveries: number): Promise<void> {
    const interested = reactions.filter((reaction) => reaction.on.has(announcement.type));
    if (interested.length === 0) return;
    if (announcement.version > eventVersion || deliveries > crashesMax) {
      await putOff(interested, announcement, deliveries);
      return;
    }
    const event = await log.at(announcement.position);
    if (event) await Promise.all(interested.map((reaction) => attempt(reaction, event, 1, retryKey(reaction, event))));
  }

  async function attempt(reaction: Reaction, event: LogEvent, count: number, key: string): Promise<void> {
    try {
      await reaction.run(event, runtime);
    } catch (error) {
      if (runtime.signal.aborted) throw error;
      const next = afterError(error, count);
      const facts = { reaction: reaction.name, event: event.id, type: event.type, correlationId: event.correlationId };
      if (next.dead) logger.error({ ...facts, err: error, attempt: count }, "dead letter");
      else
        logger.warn({ ...facts, because: next.because, attempt: count, afterMs: next.afterMs }, "will be tried again");
      const at = next.dead ? undefined : new Date(clock().getTime() + next.afterMs);
      const used = !next.dead && next.asked ? count - 1 : count;
      await put([{ key, position: event.position, at, attempt: used, because: next.because }]);
    }
  }

  async function putOff(interested: Reaction[], announcement: Announcement, deliveries: number): Promise<void> {
    const newer = announcement.version > eventVersion;
    const because = newer ? "a newer version of this event" : new Permanent(`crashed ${deliveries - 1} times`).message;
    const at = newer ? new Date(clock().getTime() + newerRetryMs) : undefined;
    const { position } = announcement;
    await put(interested.map((one) => ({ key: retryKey(one, announcement), position, at, attempt: 0, because })));
    logger.error({ position, type: announcement.type, because }, newer ? "put off" : "dead letter");
  }

  async function put(entries: Omit<DueEntry, "consumer">[]): Promise<void> {
    await log.putDue(
      clock(),
      entries.map((entry) => ({ ...entry, consumer: name })),
    );
    timers.look();
  }
}

const retryKey = (reaction: Reaction, event: { position: number }) => `${reaction.name}/retry:${event.position}`;
