import type { VendorError } from "./errors.ts";

/** What a vendor's answer says of its budget. */
export type Limit = { max: number; windowMs?: number | undefined; remaining?: number | undefined };

/** How a request went: the vendor's limit when it told one, the error when it failed. */
export type GateReport = { limit?: Limit | undefined; error?: VendorError };

/** Every request of every replica to one vendor and account passes through one gate. */
export type Gate = {
  /** Takes a token. Waits a little for one; otherwise throws a `not-applied` `VendorError` that says how long it takes. */
  pass: (operation: string) => Promise<void>;
  /** Hears how it went, for limits and the circuit breaker. Never throws. */
  report: (report: GateReport) => Promise<void>;
};
