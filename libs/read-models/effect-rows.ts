import { type Effect, evolveEffects, type LogEvent } from "@callbridge/events";

/**
 * What became of a write. `waiting`: not begun. `attempted`: an attempt's end is not known. `retrying`: the vendor did not
 * take it, and it is tried again. The others are final.
 */
export type EffectState = "waiting" | "attempted" | "retrying" | NonNullable<Effect["end"]>;

/** One write to a vendor, as `callbridge.effects` keeps it. Times are ISO 8601, undefined is null. */
export type EffectRow = {
  account: string;
  effect: string;
  subject: string;
  kind: string;
  target: string;
  revision: number;
  state: EffectState;
  attempts: number;
  host: string | undefined;
  vendor_id: string | undefined;
  how: string | undefined;
  status: number | undefined;
  because: string | undefined;
  intended_at: string;
  attempted_at: string | undefined;
  ended_at: string | undefined;
  first_position: number;
  last_position: number;
};

type Answers = Pick<EffectRow, "host" | "how" | "status" | "because" | "attempted_at" | "ended_at" | "last_position">;

/** The writes of one subject, in the order they were intended. Pure: the same events give the same rows. */
export function effectRows(subject: string, events: readonly LogEvent[]): EffectRow[] {
  let effects: ReadonlyMap<string, Effect> = new Map();
  const first = new Map<string, LogEvent>();
  const answers = new Map<string, Answers>();
  for (const event of events) {
    const name = "effect" in event.data ? event.data.effect : undefined;
    const before = name === undefined ? undefined : effects.get(name);
    effects = evolveEffects(effects, event);
    if (name === undefined || !effects.has(name)) continue;
    if (!first.has(name)) first.set(name, event);
    // What is reported after the end changes nothing, as in the fold.
    if (before?.end) continue;
    answers.set(name, answered(answers.get(name), event));
  }
  return [...effects.values()].flatMap((effect) => {
    const [intended, answer] = [first.get(effect.effect), answers.get(effect.effect)];
    if (!intended || !answer) return [];
    const { kind, target, revision, attempts, vendorId } = effect;
    const row = { account: intended.account, effect: effect.effect, subject, kind, target, revision, attempts };
    return [
      {
        ...row,
        ...answer,
        state: stateOf(effect),
        vendor_id: vendorId,
        intended_at: intended.recordedAt,
        first_position: intended.position,
      },
    ];
  });
}

export function stateOf({ end, openSince, attempts }: Effect): EffectState {
  if (end) return end;
  if (openSince) return "attempted";
  return attempts > 0 ? "retrying" : "waiting";
}

const nothing = { host: undefined, how: undefined, status: undefined, because: undefined };
const noTimes = { attempted_at: undefined, ended_at: undefined };

function answered(before: Answers | undefined, event: LogEvent): Answers {
  const answers: Answers = { ...nothing, ...noTimes, ...before, last_position: event.position };
  switch (event.type) {
    case "effect.attempted":
      return { ...answers, host: event.data.host, attempted_at: event.recordedAt };
    case "effect.observed":
      return { ...answers, ...nothing, host: answers.host, how: event.data.how, ended_at: event.recordedAt };
    case "effect.failed": {
      const { because, status, final } = event.data;
      return { ...answers, because, status, ended_at: final ? event.recordedAt : undefined };
    }
    case "effect.unknown":
    case "effect.skipped":
      return { ...answers, status: undefined, because: event.data.because, ended_at: event.recordedAt };
    default:
      return answers;
  }
}
