/** What people change by hand and rarely, such as the names of fields and pipelines, is believed for this long. */
const rarelyChangedMs = 10 * 60_000;

/**
 * A read whose answer is remembered: the caller says the time, and how old the answer may be. Whoever asks while it is on
 * its way waits for the same one; a failure is not remembered. Times are milliseconds of one clock, whichever that is.
 */
export function remembered<T>(read: () => Promise<T>): (nowMs: number, ageMaxMs?: number) => Promise<T> {
  let known: { atMs: number; answer: Promise<T> } | undefined;
  return (nowMs, ageMaxMs = rarelyChangedMs) => {
    if (known && nowMs - known.atMs < ageMaxMs) return known.answer;
    const asked = { atMs: nowMs, answer: read() };
    asked.answer.catch(() => {
      if (known === asked) known = undefined;
    });
    known = asked;
    return asked.answer;
  };
}
