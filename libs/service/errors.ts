import { VendorError } from "@callbridge/vendor";

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

export type AfterError = { dead: true; because: string } | { dead: false; afterMs: number; because: string };

/** First wait 2 s, doubling to 10 minutes: after 20 attempts about two and a half hours of outage have been survived. */
const backoffFirstMs = 2_000;
const backoffMaxMs = 600_000;
export const attemptsMax = 20;
/** A wrong key needs a person; until then once in five minutes is enough. */
const unauthorisedRetryMs = 300_000;

/** The one place that turns an error of a handler into what happens next. `attempt` counts from 1. */
export function afterError(error: unknown, attempt: number): AfterError {
  const because = error instanceof Error ? error.message : String(error);
  if (error instanceof RetryLater) return { dead: false, afterMs: error.afterMs, because };
  if (error instanceof Permanent) return { dead: true, because };
  if (error instanceof VendorError && error.consequence === "refused") return { dead: true, because };
  if (error instanceof VendorError && error.consequence === "unauthorised") {
    return { dead: false, afterMs: unauthorisedRetryMs, because };
  }
  const asked = error instanceof VendorError ? error.retryAfterMs : undefined;
  // Being told to wait is not a failure of ours, so it does not use up attempts.
  if (asked !== undefined) return { dead: false, afterMs: asked, because };
  if (attempt >= attemptsMax) return { dead: true, because };
  return { dead: false, afterMs: Math.min(backoffFirstMs * 2 ** (attempt - 1), backoffMaxMs), because };
}
