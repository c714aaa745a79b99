/** What a window says after one more request. */
type Verdict = { allowed: boolean; limit: number; remaining: number; resetAtMs: number };

/** A fixed window, as the vendors' reset times describe one: it opens with the first request and then starts afresh. */
export type Window = { take: (nowMs: number, limit: number, windowMs: number) => Verdict };

export function rateWindow(): Window {
  let openedAtMs = Number.NEGATIVE_INFINITY;
  let used = 0;
  return {
    take(nowMs, limit, windowMs) {
      if (nowMs >= openedAtMs + windowMs) {
        openedAtMs = nowMs;
        used = 0;
      }
      const allowed = used < limit;
      if (allowed) used += 1;
      return { allowed, limit, remaining: limit - used, resetAtMs: openedAtMs + windowMs };
    },
  };
}
