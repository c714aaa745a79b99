import { AsyncLocalStorage } from "node:async_hooks";

const deadline = new AsyncLocalStorage<number>();

/**
 * Runs an attempt of a write whose requests may leave until a moment (milliseconds since 1970) and not later: a process
 * that stood still, or waited long for the budget, has been taken for dead, and the vendor was read back without it.
 */
export function leavingUntil<T>(untilMs: number, work: () => Promise<T>): Promise<T> {
  return deadline.run(untilMs, work);
}

/** How long a request of the work at hand may still wait before it leaves. Infinite outside of an attempt. */
export function mayWaitMs(nowMs: number): number {
  return (deadline.getStore() ?? Number.POSITIVE_INFINITY) - nowMs;
}
