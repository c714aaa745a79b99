import { envelope } from "./cloudtalk-answer.ts";
import { rateWindow, type Window } from "./rate-limit.ts";
import type { Answer, Vendor } from "./route.ts";
import type { World } from "./world.ts";

export type Limits = {
  /** Headers for every answer of that vendor, and the refusal when the window is used up. */
  take: (vendor: Vendor) => { headers: Record<string, string>; refusal?: Answer };
  clear: () => void;
};

/**
 * One bucket per CloudTalk company and one per GHL location. The CloudTalk hosts share theirs: the vendor does not say
 * so, and who assumes it is on the safe side (facts/cloudtalk.md §0 item 1).
 */
export function vendorLimits(world: World): Limits {
  let cloudtalk: Window = rateWindow();
  let ghl: Window = rateWindow();
  let ghlDay: Window = rateWindow();
  return {
    clear() {
      cloudtalk = rateWindow();
      ghl = rateWindow();
      ghlDay = rateWindow();
    },
    take(vendor) {
      const now = world.now().getTime();
      switch (vendor) {
        case "openai":
        case "public":
          return { headers: {} };
        case "ghl":
          return ghlTake(world, ghl, ghlDay, now);
        default:
          return cloudtalkTake(world, cloudtalk, now);
      }
    },
  };
}

/** ResetTime is a Unix timestamp in seconds, not a number of seconds to wait (facts/cloudtalk.md §1.2). */
function cloudtalkTake(world: World, window: Window, now: number): ReturnType<Limits["take"]> {
  const { cloudtalkOperationsMax, cloudtalkWindowMs } = world.settings;
  const { allowed, limit, remaining, resetAtMs } = window.take(now, cloudtalkOperationsMax, cloudtalkWindowMs);
  const headers = {
    "x-cloudtalkapi-limit": String(limit),
    "x-cloudtalkapi-remaining": String(remaining),
    "x-cloudtalkapi-resettime": String(Math.ceil(resetAtMs / 1000)),
  };
  return allowed
    ? { headers }
    : { headers, refusal: envelope(429, { status: 429, message: "API rate limit exceeded." }) };
}

function ghlTake(world: World, window: Window, day: Window, now: number): ReturnType<Limits["take"]> {
  const { ghlRequestsMax, ghlWindowMs, ghlDailyMax } = world.settings;
  const burst = window.take(now, ghlRequestsMax, ghlWindowMs);
  const daily = day.take(now, ghlDailyMax, 86_400_000);
  const headers = {
    "x-ratelimit-max": String(ghlRequestsMax),
    "x-ratelimit-remaining": String(burst.remaining),
    "x-ratelimit-interval-milliseconds": String(ghlWindowMs),
    "x-ratelimit-limit-daily": String(ghlDailyMax),
    "x-ratelimit-daily-remaining": String(daily.remaining),
    "x-ratelimit-daily-reset": String(daily.resetAtMs - now),
  };
  return burst.allowed && daily.allowed
    ? { headers }
    : { headers, refusal: { status: 429, body: { statusCode: 429, message: "Too Many Requests" } } };
}
