import { type DueEntry, StreamMovedOn } from "@callbridge/event-log";
import type { LogEvent, NewEvent } from "@callbridge/events";
import type { Reaction } from "./consumer.ts";
import { RetryLater } from "./errors.ts";
import type { AnyHandler, Context, Decision } from "./handler.ts";
import { withLease } from "./lease.ts";
import type { Runtime } from "./runtime.ts";

/** Decisions that lost the race against another writer are made again; more than this is a hot subject, so wait a little. */
const redecisionsMax = 5;
const hotSubjectRetryMs = 1_000;

/** Makes a reaction of a handler: fold, decide, append what it decided, and fold again when the subject moved on. */
export function decideReaction(handler: AnyHandler): Reaction {
  return { name: handler.name, on: new Set(handler.on), run: (event, runtime) => react(handler, event, runtime) };
}

async function react(handler: AnyHandler, event: LogEvent, runtime: Runtime): Promise<void> {
  const { log, clock, keyring, signal } = runtime;
  const answers = new Map<string, Promise<unknown>>();
  const once = <T>(name: string, read: () => Promise<T>): Promise<T> => {
    const answer = answers.get(name) ?? read();
    answers.set(name, answer);
    return answer as Promise<T>;
  };
  const context = (): Context => ({ now: clock(), signal, once, hash: (text) => keyring.hash(event.account, text) });
  for (let round = 0; round < redecisionsMax; round++) {
    const subject = await log.stream(event.account, event.stream);
    const state = handler.fold(subject.events);
    const lease = handler.lease?.(event, state);
    if (lease) {
      // What leased work found out stands on its own (its key refuses a second result), so nothing is expected of the
      // subject: repeating a download because a webhook came in meanwhile would help nobody.
      await withLease(runtime, `${event.account}/${lease}`, async () => {
        const fresh = await log.stream(event.account, event.stream);
        await write(await handler.decide(event, handler.fold(fresh.events), context()));
      });
      return;
    }
    try {
      await write(await handler.decide(event, state, context()), subject.position);
      return;
    } catch (error) {
      if (!(error instanceof StreamMovedOn)) throw error;
    }
  }
  throw new RetryLater(hotSubjectRetryMs, "the subject is being changed by others");

  async function write(decision: Decision, position?: number): Promise<void> {
    const events = newEvents(decision, event, runtime);
    const due = wakes(decision, handler, event, runtime);
    if (events.length === 0) {
      await log.putDue(clock(), due);
    } else {
      await log.append({
        now: clock(),
        events,
        due,
        ...(position !== undefined && { expect: [{ account: event.account, stream: event.stream, position }] }),
      });
    }
    if (due.length > 0) runtime.look();
  }
}

function newEvents({ append = [], intend = [] }: Decision, event: LogEvent, runtime: Runtime) {
  const now = runtime.clock().toISOString();
  const facts: NewEvent[] = append.map((fact) => ({ ...fact, time: fact.time ?? now, source: runtime.service }));
  const intents = intend.map(
    ({ effect, kind, target, revision, input, stream }): NewEvent => ({
      type: "effect.intended",
      stream: stream ?? event.stream,
      key: { fact: `effect:${effect}/intended` },
      time: now,
      source: runtime.service,
      data: { effect, kind, target, revision },
      personal: { input },
    }),
  );
  const { id: causationId, correlationId, traceparent, account } = event;
  return [...facts, ...intents].map((one) => ({
    account,
    event: one,
    cause: { correlationId, causationId, traceparent },
  }));
}

function wakes({ wake = [] }: Decision, handler: AnyHandler, event: LogEvent, runtime: Runtime): DueEntry[] {
  return wake.map(({ key, at }) => ({
    consumer: runtime.service,
    key: `${handler.name}/${event.account}/${key}`,
    position: event.position,
    at,
    attempt: 0,
    because: "timer",
  }));
}
