import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { type Alarms, type Bus, type Consuming, systemAlarms } from "@callbridge/bus";
import type { EventLog, Keyring } from "@callbridge/event-log";
import type { Logger } from "pino";
import { held, type Reaction, startConsumer } from "./consumer.ts";
import { decideReaction } from "./decide.ts";
import { type AnyEffect, effectReaction } from "./effects.ts";
import type { AnyHandler, Fact } from "./handler.ts";

/** A service: what it listens to, and which writes it carries out. Everything else is the runtime's. */
export type Service = {
  /** Name of its durable consumer. */
  name: string;
  handlers: readonly AnyHandler[];
  effects?: readonly AnyEffect[];
  /** Facts that its timers hang on, appended once for ever. */
  begin?: readonly Fact[];
  /** What a person has to do before it can work, asked anew each time: a vendor may not be connected. */
  waitsFor?: () => Promise<string[]>;
};

/** A service, or what it lacks: then its events wait until it is configured. */
export type Composed = Service | { name: string; missing: string[] };

/** One account's part of a service. */
export type Part = {
  account: string;
  service: Composed;
  /** How long a vendor is given to apply a write whose answer was lost. Milliseconds. */
  settleMs?: number | undefined;
};

/** What all services and accounts of a process share. */
export type Platform = {
  log: EventLog;
  bus: Bus;
  keyring: Keyring;
  clock: () => Date;
  /** How services wait; the system's timers when absent. */
  alarms?: Alarms;
  logger: Logger;
  /** How long a stopping service waits for work in hand. Milliseconds. */
  drainMs?: number;
  /** How late rows of `due` that other processes wrote may be noticed. Milliseconds. */
  duePollMs?: number;
};

/** Work still running after this is told to stop; what it did not finish comes again. Kubernetes kills after 30 s. */
const drainMsByDefault = 15_000;
const beginRetryMs = 2_000;

/**
 * Starts a service for its accounts, over one durable consumer: every event goes to the reactions of its own account.
 * Undefined: no account has what the service needs, and all events wait in the log. `stop` drains: takes no more events,
 * finishes what is in hand within `drainMs`.
 */
export function startService(parts: readonly Part[], platform: Platform): Consuming | undefined {
  const ready = parts.flatMap(({ service, ...part }) => ("missing" in service ? [] : [{ ...part, service }]));
  const [first] = ready;
  if (!first) return undefined;
  const { name } = first.service;
  const controller = new AbortController();
  const { log, keyring, clock, alarms = systemAlarms, bus, drainMs = drainMsByDefault } = platform;
  const reactions = new Map(ready.map((part) => [part.account, reactionsOf(part)]));
  const logger = platform.logger.child({ service: name });
  const { signal } = controller;
  // Everything in hand listens to it.
  setMaxListeners(0, signal);
  const runtime = { service: name, log, keyring, clock, alarms, logger, signal };
  const consuming = startConsumer({ reactions, waiting: waitingOf(parts) }, bus, runtime, platform.duePollMs);
  for (const { account, service } of ready) void begin(account, service, { ...platform, logger }, signal);
  return {
    stop: async () => {
      const endDeadline = alarms.after(drainMs, () => controller.abort());
      try {
        await consuming.stop();
      } finally {
        endDeadline();
      }
    },
  };
}

function reactionsOf({ service, settleMs }: { service: Service; settleMs?: number | undefined }): Reaction[] {
  const reactions = service.handlers.map(decideReaction);
  if (service.effects?.length) reactions.push(effectReaction(service.effects, { settleMs }));
  assertNames(reactions);
  return reactions;
}

/** Why the events of an account are held: what it lacks, by its name. */
function waitingOf(parts: readonly Part[]): Map<string, string> {
  return new Map(
    parts.flatMap(({ account, service }) =>
      "missing" in service ? [[account, `the account ${account} waits for ${service.missing.join(" and ")}`]] : [],
    ),
  );
}

/** Appends the facts that an account's timers hang on; a database that is down is waited for. */
async function begin(
  account: string,
  { name, begin: facts = [] }: Service,
  { log, clock, logger }: Platform,
  signal: AbortSignal,
): Promise<void> {
  while (facts.length > 0 && !signal.aborted) {
    const now = clock();
    const events = facts.map((fact) => ({
      account,
      event: { time: now.toISOString(), ...fact, source: name },
      cause: { correlationId: `begin:${name}` },
    }));
    try {
      await log.append({ now, events });
      return;
    } catch (error) {
      logger.warn({ err: error, account }, "its timers could not be begun yet");
      await wait(beginRetryMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}

/** Rows of `due` find their handler by its name. */
function assertNames(reactions: readonly Reaction[]): void {
  const names = [held, ...reactions.map(({ name }) => name)];
  assert.ok(new Set(names).size === names.length, `handlers of one name: ${names.join(", ")}`);
  assert.ok(!names.some((name) => name.includes("/")), `a handler's name has no slash: ${names.join(", ")}`);
}
