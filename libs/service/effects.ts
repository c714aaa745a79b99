import {
  type Effect,
  type EffectKind,
  type EventType,
  evolveEffects,
  isEvent,
  type LogEvent,
  type NewEvent,
} from "@callbridge/events";
import { VendorError } from "@callbridge/vendor";
import type { z } from "zod";
import { leavingUntil } from "./attempt-deadline.ts";
import type { Reaction } from "./consumer.ts";
import { afterError, RetryLater } from "./errors.ts";
import { withLease } from "./lease.ts";
import { countEffect } from "./metrics.ts";
import type { Runtime } from "./runtime.ts";

/** What a vendor shows of an effect. `digest` is a keyed hash of what was written, to see later whether a person changed it. */
export type Observed = { vendorId?: string | undefined; digest?: string | undefined };

export type EffectContext = {
  account: string;
  effect: string;
  target: string;
  /** What the last finished write to the same target left there. */
  previous: Observed | undefined;
  hash: (text: string) => string;
  now: Date;
};

/** Written, or a reason why nothing is to be written (any more). */
export type Performed = Observed | { skip: string };

/** One kind of write to a vendor. `perform` sends it; `readBack` looks whether it is there, so that nobody has to guess. */
export type EffectDefinition<Input> = {
  kind: EffectKind;
  input: z.ZodType<Input>;
  /** Where it is written: recorded with every attempt, so that a demo is never taken for the real thing. */
  host: string;
  /** Writes once. May answer that nothing is to be done (any more). Throws `VendorError`. */
  perform: (input: Input, context: EffectContext) => Promise<Performed>;
  /** Undefined as a function: this kind cannot be read back, so an ambiguous end stays unknown and is never retried. */
  readBack?: (input: Input, context: EffectContext) => Promise<Observed | undefined>;
};
// biome-ignore lint/suspicious/noExplicitAny: the input type is private to each kind, its own schema checks it
export type AnyEffect = EffectDefinition<any>;

/** A vendor applies a request within this time or never: the assumption on which "exactly once" rests. */
export const settleMs = 15_000;
/**
 * From the record of an attempt to the moment at which its last request leaves; the vendor's time to settle begins there.
 * As long as the gate lets anybody wait for the budget; longer would add to every doubt.
 */
export const leaveMs = 10_000;
/** Waits between attempts grow up to this step (ten minutes). */
const backoffStepsMax = 9;
const doubtPauseMaxMs = 600_000;
/** Look-ups that fail are repeated as if they had failed this often: after half a minute. */
const readBackBackoffStep = 5;
/** Waiting for an earlier write to the same target: as long again as it took already, so that an outage costs few looks. */
const turnRetryMinMs = 1_000;
const turnRetryMaxMs = 60_000;
/** Attempts that ended in doubt and were then read back as not there: a week of them; after that a person looks. */
const doubtfulAttemptsMax = 1_000;

/** Executes `effect.intended`: lease, attempt, perform, observe, and read back whatever ended in doubt. */
export function effectReaction(
  definitions: readonly AnyEffect[],
  options: { settleMs?: number | undefined } = {},
): Reaction {
  const kinds = new Map(definitions.map((definition) => [definition.kind, definition]));
  return {
    name: "effects",
    on: new Set<EventType>(["effect.intended"]),
    run: async (event, runtime) => {
      if (!isEvent(event, "effect.intended")) return;
      const definition = kinds.get(event.data.kind);
      if (!definition) return;
      const lease = `${event.account}/effect:${event.data.target}`;
      await withLease(runtime, lease, () => execute(definition, event, runtime, options.settleMs ?? settleMs));
    },
  };
}

type Intended = Extract<LogEvent, { type: "effect.intended" }>;

async function execute(definition: AnyEffect, event: Intended, runtime: Runtime, settle: number): Promise<void> {
  const { clock, keyring, log, logger, signal } = runtime;
  const { effect: name, kind, target } = event.data;
  const ref = { effect: name, kind, target };
  const history = (await log.target(event.account, target)).reduce(evolveEffects, new Map<string, Effect>());
  const mine = history.get(name);
  if (!mine || mine.end) return;

  const others = [...history.values()].filter((effect) => effect !== mine);
  if (others.some((effect) => !effect.end && effect.intendedAt < mine.intendedAt)) {
    const waited = clock().getTime() - new Date(event.recordedAt).getTime();
    const afterMs = Math.min(Math.max(waited, turnRetryMinMs), turnRetryMaxMs);
    throw new RetryLater(afterMs, "an earlier write to the same target is not finished");
  }
  if (event.erased || mine.input === undefined) {
    await record("effect.skipped", { ...ref, because: "the personal data was erased" }, "end");
    return;
  }
  const { data: input, error: unfit } = definition.input.safeParse(mine.input);
  if (unfit) {
    // As a dead letter it would hold up every later write to the target, and waiting cannot help it.
    logger.error({ effect: name, kind, err: unfit }, "the input of this write does not fit its kind");
    const because = "its input does not fit its kind";
    await record("effect.failed", { ...ref, attempt: mine.attempts, final: true, because }, "end");
    return;
  }
  const context: EffectContext = {
    account: event.account,
    effect: name,
    target,
    previous: others.filter((effect) => effect.end === "observed").sort((a, b) => b.intendedAt - a.intendedAt)[0],
    hash: (text) => keyring.hash(event.account, text),
    now: clock(),
  };

  if (mine.openSince && (await endOfDoubt(mine, mine.openSince))) return;
  if (others.some((effect) => effect.revision > mine.revision)) {
    await record("effect.skipped", { ...ref, because: "a newer write to the same target exists" }, "end");
    return;
  }
  if (mine.attempts - mine.refused >= doubtfulAttemptsMax) {
    const because = `not there after ${doubtfulAttemptsMax} attempts without an answer`;
    await record("effect.failed", { ...ref, attempt: mine.attempts, final: true, because }, "end");
    return;
  }
  signal.throwIfAborted();
  const attempt = mine.attempts + 1;
  const beganMs = clock().getTime();
  const began = await record("effect.attempted", { ...ref, attempt, host: definition.host }, `attempt/${attempt}`);
  // A holder of the lease that was believed dead is still alive: it owns this attempt.
  if (!began) throw new RetryLater(turnRetryMinMs, "another process began this attempt");

  try {
    const done = await leavingUntil(beganMs + leaveMs, () => definition.perform(input, context));
    if ("skip" in done) await record("effect.skipped", { ...ref, because: done.skip }, "end");
    else await record("effect.observed", { ...ref, attempt, how: "answer", ...done }, "end");
  } catch (error) {
    await afterFailure(error, attempt);
  }

  /** Looks whether the last attempt was applied. False: surely not, so it may be repeated. */
  async function endOfDoubt({ attempts, refused }: Effect, openSince: string): Promise<boolean> {
    const doubts = attempts - refused;
    const settledAt = new Date(openSince).getTime() + leaveMs + settle;
    waitUntil(settledAt, "waiting until the vendor has settled, then reading back");
    const unknown = (because: string) => record("effect.unknown", { ...ref, attempt: attempts, because }, "end");
    if (!definition.readBack) {
      await unknown("no answer, and nothing to read back");
      return true;
    }
    let found: Observed | undefined;
    try {
      found = await definition.readBack(input, context);
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      const next = afterError(error, readBackBackoffStep);
      if (!next.dead) throw new RetryLater(next.afterMs, next.because, { cause: error });
      await unknown(`no answer, and reading back was refused: ${next.because}`);
      return true;
    }
    if (found) {
      await record("effect.observed", { ...ref, attempt: attempts, how: "read-back", ...found }, "end");
      return true;
    }
    // At once after the first doubt; a vendor that keeps failing is given ever more time.
    waitUntil(
      settledAt + Math.min(settle * (2 ** (doubts - 1) - 1), doubtPauseMaxMs),
      "not applied, trying again later",
    );
    return false;
  }

  function waitUntil(moment: number, because: string): void {
    const remaining = moment - clock().getTime();
    if (remaining > 0) throw new RetryLater(remaining, because);
  }

  /** Ambiguous ends stay open: the next run reads back. Everything else is known not to have happened. */
  async function afterFailure(error: unknown, attempt: number): Promise<void> {
    if (error instanceof RetryLater) {
      await record("effect.failed", { ...ref, attempt, final: false, because: error.message }, `failed/${attempt}`);
      throw error;
    }
    if (!(error instanceof VendorError) || error.consequence === "ambiguous") {
      logger.warn({ effect: name, kind, attempt, err: error }, "the end of this write is not known");
      throw new RetryLater(settle, "the end of this write is not known");
    }
    // An outage is no reason to give up a write, so only a refusal is final here.
    const next = afterError(error, 1 + Math.min(attempt, backoffStepsMax));
    const failed = { ...ref, attempt, final: next.dead, because: next.because, status: error.status };
    await record("effect.failed", failed, next.dead ? "end" : `failed/${attempt}`);
    if (!next.dead) throw new RetryLater(next.afterMs, next.because);
    logger.error({ effect: name, kind, attempt, because: next.because }, "the vendor refused this write");
  }

  /** False: somebody else recorded the same step before. */
  async function record<T extends NewEvent["type"]>(
    type: T,
    data: Extract<NewEvent, { type: T }>["data"],
    step: string,
  ) {
    const fact = {
      type,
      stream: event.stream,
      key: { fact: `effect:${name}/${step}` },
      time: clock().toISOString(),
      source: runtime.service,
      data,
      personal: {},
    } as unknown as NewEvent;
    const { correlationId, traceparent } = event;
    const cause = { correlationId, causationId: event.id, traceparent };
    const answer = await log.append({
      now: clock(),
      events: [{ account: event.account, event: fact, cause }],
    });
    const isFirst = answer.events[0]?.added === true;
    if (isFirst) countEffect(kind, type.slice("effect.".length));
    return isFirst;
  }
}
