import type { EffectKind } from "./effect-events.ts";
import type { LogEvent } from "./event.ts";

/** What a handler wants done at a vendor. The runtime turns it into `effect.intended`. */
export type Intent = {
  kind: EffectKind;
  /** Idempotency key of the effect, e.g. `note:<call stream>:1`. */
  effect: string;
  /** Effects on one target run in the order they were intended. */
  target: string;
  revision: number;
  input: Record<string, unknown>;
  /** Whose it is; absent: the subject's that was decided on. */
  stream?: string;
};

/** One effect as its events tell it. */
export type Effect = {
  effect: string;
  kind: EffectKind;
  target: string;
  revision: number;
  stream: string;
  intendedAt: number;
  input: Record<string, unknown> | undefined;
  attempts: number;
  /** Attempts of which the vendor said that nothing was applied. */
  refused: number;
  /** Start of the attempt whose end is not known. Present: read back before trying again. */
  openSince: string | undefined;
  end: "observed" | "failed" | "unknown" | "skipped" | undefined;
  vendorId: string | undefined;
  digest: string | undefined;
};

/** Folds the effects out of events that come in order of position. Keys are the effects' idempotency keys. */
export function evolveEffects(effects: ReadonlyMap<string, Effect>, event: LogEvent): ReadonlyMap<string, Effect> {
  if (!event.type.startsWith("effect.")) return effects;
  const next = new Map(effects);
  if (event.type === "effect.intended") {
    const { effect, kind, target, revision } = event.data;
    const fresh = {
      attempts: 0,
      refused: 0,
      openSince: undefined,
      end: undefined,
      vendorId: undefined,
      digest: undefined,
    };
    next.set(effect, {
      ...fresh,
      effect,
      kind,
      target,
      revision,
      stream: event.stream,
      intendedAt: event.position,
      input: event.personal.input,
    });
    return next;
  }
  const known = "effect" in event.data ? effects.get(event.data.effect) : undefined;
  if (known) next.set(known.effect, step(known, event));
  return next;
}

/** An end is an end: whatever a process that was believed dead reports afterwards changes nothing. */
function step(effect: Effect, event: LogEvent): Effect {
  if (effect.end) return effect;
  switch (event.type) {
    case "effect.attempted":
      return { ...effect, attempts: event.data.attempt, openSince: event.recordedAt };
    case "effect.observed":
      return {
        ...effect,
        openSince: undefined,
        end: "observed",
        vendorId: event.data.vendorId,
        digest: event.data.digest,
      };
    case "effect.failed":
      return {
        ...effect,
        refused: effect.refused + 1,
        // A late word on an earlier attempt says nothing about the one that is under way.
        openSince: !event.data.final && event.data.attempt < effect.attempts ? effect.openSince : undefined,
        end: event.data.final ? "failed" : undefined,
      };
    case "effect.unknown":
      return { ...effect, openSince: undefined, end: "unknown" };
    case "effect.skipped":
      return { ...effect, openSince: undefined, end: "skipped" };
    default:
      return effect;
  }
}
