import type { Bus, Consuming } from "@callbridge/bus";
import type { EventLog, Keyring } from "@callbridge/event-log";
import type { Logger } from "pino";
import { type Reaction, startConsumer } from "./consumer.ts";
import { decideReaction } from "./decide.ts";
import { type AnyEffect, effectReaction } from "./effects.ts";
import type { AnyHandler } from "./handler.ts";

/** A service: what it listens to, and which writes it carries out. Everything else is the runtime's. */
export type Service = {
  /** Name of its durable consumer. */
  name: string;
  handlers: readonly AnyHandler[];
  effects?: readonly AnyEffect[];
};

/** What all services of a process share. */
export type Platform = {
  log: EventLog;
  bus: Bus;
  keyring: Keyring;
  clock: () => Date;
  logger: Logger;
  /** How long a vendor is given to apply a write whose answer was lost. Milliseconds. */
  settleMs?: number;
};

/** Starts a service on its platform. `stop` drains: takes no more events, finishes what is in hand within `drainMs`. */
export function startService(service: Service, platform: Platform): Consuming {
  const controller = new AbortController();
  const { log, keyring, clock, bus } = platform;
  const reactions: Reaction[] = service.handlers.map(decideReaction);
  if (service.effects?.length) {
    reactions.push(
      effectReaction(service.effects, platform.settleMs === undefined ? {} : { settleMs: platform.settleMs }),
    );
  }
  const logger = platform.logger.child({ service: service.name });
  const consuming = startConsumer(reactions, bus, {
    service: service.name,
    log,
    keyring,
    clock,
    logger,
    signal: controller.signal,
  });
  return {
    stop: async () => {
      const deadline = setTimeout(() => controller.abort(), drainMs);
      await consuming.stop();
      clearTimeout(deadline);
    },
  };
}

/** Work still running after this is told to stop; what it did not finish comes again. Kubernetes kills after 30 s. */
const drainMs = 15_000;
