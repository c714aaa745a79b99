/** What a failed request means for the caller. It decides between retry, read-back and giving up; nothing else does. */
export type Consequence =
  /** The vendor said no (4xx): the same request will be refused again. Nothing was applied. */
  | "refused"
  /** The vendor said "not now" (429), or could not be reached at all: nothing was applied, try later. */
  | "not-applied"
  /** Our credentials were refused (401): nothing was applied; a person must act, so retry rarely. */
  | "unauthorised"
  /** Time-out, lost connection, 5xx: a write may or may not have been applied. Read back before another attempt. */
  | "ambiguous";

/** A request to a vendor that did not succeed. `detail` is the vendor's own message, cut and without personal data. */
export class VendorError extends Error {
  override readonly name = "VendorError";
  readonly vendor: string;
  readonly operation: string;
  readonly consequence: Consequence;
  /** HTTP status, absent when no answer arrived. */
  readonly status: number | undefined;
  /** How long the vendor asked us to wait, milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The parsed body of the answer, for the vendor's own client only (it may hold personal data: never log it). */
  readonly body: unknown;

  constructor(facts: {
    vendor: string;
    operation: string;
    consequence: Consequence;
    detail: string;
    status?: number | undefined;
    retryAfterMs?: number | undefined;
    body?: unknown;
    cause?: unknown;
  }) {
    const status = facts.status === undefined ? "" : ` ${facts.status}`;
    super(`${facts.vendor} ${facts.operation}:${status} ${facts.detail}`, { cause: facts.cause });
    this.vendor = facts.vendor;
    this.operation = facts.operation;
    this.consequence = facts.consequence;
    this.status = facts.status;
    this.retryAfterMs = facts.retryAfterMs;
    this.body = facts.body;
  }
}

/** The vendor's answer was a success, but not of the shape its contract promises. The write may well have happened. */
export function unexpectedAnswer(vendor: string, operation: string, cause: unknown): VendorError {
  return new VendorError({ vendor, operation, consequence: "ambiguous", detail: "answer of an unknown shape", cause });
}

/** Status → consequence. 408 and 425 say nothing about whether the work was done, so they are ambiguous. */
export function consequenceOf(status: number): Consequence {
  if (status === 429) return "not-applied";
  if (status === 401) return "unauthorised";
  if (status === 408 || status === 425 || status >= 500) return "ambiguous";
  return "refused";
}
