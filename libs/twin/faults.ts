import { z } from "zod";
import type { Route, Vendor } from "./route.ts";

const vendors = ["cloudtalk", "analytics", "intelligence", "platform", "ghl", "openai", "public"] as const;

/**
 * A scripted disturbance of the next `times` matching requests:
 * `status-<n>` answers so without applying · `drop-before` closes the connection without applying · `drop-after-apply`
 * applies and loses the answer · `apply-late` closes the connection and applies after `delayMs` · `hang` never answers.
 */
export const faultSchema = z.strictObject({
  match: z.strictObject({
    vendor: z.enum(vendors).optional(),
    /** Name of the operation, e.g. `notes.create`. */
    operation: z.string().optional(),
    method: z.string().optional(),
    /** Regular expression over the path below the vendor's prefix, query excluded. */
    path: z.string().optional(),
  }),
  times: z.number().int().positive().default(1),
  /** How many matching requests pass undisturbed first. */
  skip: z.number().int().nonnegative().default(0),
  fault: z.union([
    z.enum(["drop-before", "drop-after-apply", "apply-late", "hang"]),
    z.templateLiteral(["status-", z.number().int()]),
  ]),
  /** For `apply-late`; the setting `applyDelayMs` where absent. */
  delayMs: z.number().int().nonnegative().optional(),
});

export type Fault = z.input<typeof faultSchema>;
export type ActiveFault = z.output<typeof faultSchema>;

export type Faults = {
  add: (fault: Fault) => void;
  /** The disturbance for this request, used up by it; the first that matches wins. */
  take: (route: Route, path: string) => ActiveFault | undefined;
  pending: () => ActiveFault[];
  clear: () => void;
};

export function faultQueue(): Faults {
  let queue: ActiveFault[] = [];
  return {
    add(fault) {
      queue.push(faultSchema.parse(fault));
    },
    take(route, path) {
      const fault = queue.find(({ match }) => matches(match, route, path));
      if (fault === undefined) return undefined;
      if (fault.skip > 0) {
        fault.skip -= 1;
        return undefined;
      }
      fault.times -= 1;
      queue = queue.filter((one) => one.times > 0);
      return fault;
    },
    pending: () => [...queue],
    clear() {
      queue = [];
    },
  };
}

const matches = (match: ActiveFault["match"], route: Route, path: string): boolean =>
  (match.vendor === undefined || match.vendor === route.vendor) &&
  (match.operation === undefined || match.operation === route.operation) &&
  (match.method === undefined || match.method === route.method) &&
  (match.path === undefined || new RegExp(match.path).test(path));

/** A body in the vendor's own words for a status that the twin was told to give. */
export function faultBody(vendor: Vendor, status: number): unknown {
  const message = status === 429 ? "Too Many Requests" : "Something went wrong.";
  switch (vendor) {
    case "cloudtalk":
    case "public":
      return { responseData: { status, message } };
    case "analytics":
    case "ghl":
      return { statusCode: status, message };
    case "intelligence":
      return { code: status === 429 ? "TOO_MANY_REQUESTS" : "INTERNAL_SERVER_ERROR", message };
    case "platform":
      return { success: false, errors: [message] };
    case "openai":
      return {
        error: {
          message,
          type: status === 429 ? "requests" : "server_error",
          param: null,
          code: status === 429 ? "rate_limit_exceeded" : null,
        },
      };
  }
}

/** Numbers in 0..1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
