import type { EventLog, Keyring } from "@callbridge/event-log";
import type { LogEvent } from "@callbridge/events";
import { VendorError } from "@callbridge/vendor";
import { afterError } from "./errors.ts";
import type { AnyHandler, Context, Decision } from "./handler.ts";
import { createLogger } from "./logger.ts";
import { type AccountPlatform, platformOf } from "./platform.ts";

/** What a handler would do if an event came again now. What the log has already (by its key) is left out. */
export type DryRun =
  | { outcome: "nothing" }
  | {
      outcome: "decides";
      append: { type: string; stream: string; key: string }[];
      intend: { kind: string; effect: string; target: string }[];
      wake: { key: string; at: string }[];
    }
  /** Its decision depends on what the vendor answers. */
  | { outcome: "asks"; what: string }
  /** It would do work that takes a lease: a download, a transcription. */
  | { outcome: "leases"; lease: string }
  /** It would end in `due`: tried again later, or dead. */
  | { outcome: "fails"; because: string };

/** Thrown instead of asking; nobody but `dryRun` knows it. */
class WouldAsk extends Error {
  override readonly name = "WouldAsk";
}

/** Lets a handler decide about an event without any consequence: nothing is appended, no vendor asked, no lease taken. */
export async function dryRun(
  handler: AnyHandler,
  event: LogEvent,
  { log, keyring, clock }: { log: EventLog; keyring: Keyring; clock: () => Date },
): Promise<DryRun> {
  const { account } = event;
  const context: Context = {
    now: clock(),
    signal: new AbortController().signal,
    once: (name) => Promise.reject(new WouldAsk(name)),
    hash: (text) => keyring.hash(account, text),
  };
  try {
    const subject = await log.stream(account, event.stream);
    const state = handler.fold(subject.events);
    const lease = handler.lease?.(event, state);
    if (lease !== undefined) return { outcome: "leases", lease };
    const decision = await handler.decide(event, state, context);
    return await newIn(decision, subject.events, (stream) => log.stream(account, stream));
  } catch (error) {
    if (error instanceof WouldAsk) return { outcome: "asks", what: error.message };
    if (error instanceof VendorError) return { outcome: "asks", what: `${error.vendor} ${error.operation}` };
    return { outcome: "fails", because: afterError(error, 1).because };
  }
}

async function newIn(
  { append = [], intend = [], wake = [] }: Decision,
  subject: LogEvent[],
  load: (stream: string) => Promise<{ events: LogEvent[] }>,
): Promise<DryRun> {
  const known = new Set(subject.map(({ key }) => key));
  const streams = new Set(subject.map(({ stream }) => stream));
  for (const { stream } of append) {
    if (streams.has(stream)) continue;
    streams.add(stream);
    for (const { key } of (await load(stream)).events) known.add(key);
  }
  const facts = append
    .map(({ type, stream, key }) => ({ type, stream, key: "fact" in key ? key.fact : `${key.entity}:${key.content}` }))
    .filter(({ key }) => !known.has(key));
  const intents = intend
    .filter(({ effect }) => !known.has(`effect:${effect}/intended`))
    .map(({ kind, effect, target }) => ({ kind, effect, target }));
  const wakes = wake.map(({ key, at }) => ({ key, at: at.toISOString() }));
  if (facts.length + intents.length + wakes.length === 0) return { outcome: "nothing" };
  return { outcome: "decides", append: facts, intend: intents, wake: wakes };
}

/** A platform to compose services on that are only looked at: it starts nothing, and vendors cannot be reached through it. */
export function lookOnlyPlatform(
  options: { log: EventLog; keyring: Keyring; clock: () => Date },
  account: string,
): AccountPlatform {
  const refuse = (what: string) => () => {
    throw new Error(`${what} was asked of services that are only looked at`);
  };
  const bus = { consume: refuse("consuming"), health: () => ({ ok: true }), close: async () => undefined };
  return {
    ...platformOf({ ...options, bus, logger: createLogger("silent") }, account),
    exclusively: refuse("work"),
    gate: (vendor) => ({
      pass: (operation) => Promise.reject(new WouldAsk(`${vendor} ${operation}`)),
      report: async () => undefined,
    }),
  };
}
