import { NewerEvent } from "@callbridge/events";
import { VendorError, withoutPersonalData } from "@callbridge/vendor";

/** Trying again cannot help: the event becomes a dead letter at once. */
export class Permanent extends Error {
  override readonly name = "Permanent";
}

/** Not now: look again after `afterMs`. Not an error that anyone needs to be told of. */
export class RetryLater extends Error {
  override readonly name = "RetryLater";
  readonly afterMs: number;
  constructor(afterMs: number, because: string, options?: ErrorOptions) {
    super(because, options);
    this.afterMs = afterMs;
  }
}

export type AfterError =
  | { dead: true; because: string }
  /** `asked`: we were told to wait, which is not a failure, so it does not use up an attempt. */
  | { dead: false; afterMs: number; because: string; asked: boolean };

/** First wait 2 s, doubling to 10 minutes. */
const backoffFirstMs = 2_000;
const backoffMaxMs = 600_000;
/** Two hours for whatever is wrong with us; a bug does not go away by waiting longer. */
const attemptsMax = 20;
/** Three days for a vendor's outage, as long as the vendors themselves retry. */
const outageAttemptsMax = 450;
/** A wrong key needs a person; until then once in five minutes is enough. */
const unauthorisedRetryMs = 300_000;
/** Vendors ask for anything from 0 s to nonsense: at least a breath, at most the day after which daily limits end. */
const askedMinMs = 1_000;
const askedMaxMs = 86_400_000;
/** How long something that only a newer build can do is put off. */
export const newerRetryMs = 600_000;

/** The one place that turns an error of a handler into what happens next. `attempt` counts from 1. */
export function afterError(error: unknown, attempt: number): AfterError {
  // It is stored and logged in the clear, and messages of parsers and clients quote what they were given.
  const because = withoutPersonalData(error instanceof Error ? error.message : String(error));
  const later = (afterMs: number): AfterError => ({ dead: false, afterMs, because, asked: true });
  if (error instanceof RetryLater) return later(error.afterMs);
  if (error instanceof NewerEvent) return later(newerRetryMs);
  if (error instanceof Permanent) return { dead: true, because };
  if (error instanceof VendorError) {
    if (error.consequence === "refused") return { dead: true, because };
    if (error.consequence === "unauthorised") return later(unauthorisedRetryMs);
    if (error.retryAfterMs !== undefined) return later(Math.min(Math.max(error.retryAfterMs, askedMinMs), askedMaxMs));
  }
  if (attempt >= (error instanceof VendorError ? outageAttemptsMax : attemptsMax)) return { dead: true, because };
  const afterMs = Math.min(backoffFirstMs * 2 ** (attempt - 1), backoffMaxMs);
  return { dead: false, afterMs, because, asked: false };
}
