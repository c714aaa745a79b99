import type { Limit } from "@callbridge/vendor";

/** The limit is per minute (60 operations per company), so no honest wait is longer, whatever our clock says. */
const windowMs = 60_000;
const waitMinMs = 1_000;

/**
 * How long a 429 asks us to wait. `X-CloudTalkAPI-ResetTime` is a moment in Unix seconds, not a number of seconds
 * (facts/cloudtalk.md §0 item 1); without it a whole window is waited.
 */
export function retryAfterMs(headers: Headers, now: number): number {
  const resetAt = Number(headers.get("x-cloudtalkapi-resettime") ?? Number.NaN) * 1000;
  return Number.isFinite(resetAt) ? Math.min(Math.max(resetAt - now, waitMinMs), windowMs) : windowMs;
}

/** The limit of a company, where an answer tells it (facts/cloudtalk.md §1.2). */
export function limitOf(headers: Headers): Limit | undefined {
  const number = (name: string) => Number(headers.get(name) ?? Number.NaN);
  const [max, remaining] = [number("x-cloudtalkapi-limit"), number("x-cloudtalkapi-remaining")];
  if (!Number.isFinite(max) || max <= 0) return undefined;
  return { max, windowMs, remaining: Number.isFinite(remaining) ? remaining : undefined };
}
