import { setTimeout as wait } from "node:timers/promises";
import { afterError } from "@callbridge/service";

type Read<Given extends unknown[], T> = (...given: Given) => Promise<T>;

/**
 * A read of a long work, which waits for its share of the budget as long as it takes: beginning the work anew whenever the
 * budget is used up would never end it. Any other failure is thrown.
 */
export function patiently<Given extends unknown[], T>(read: Read<Given, T>, signal: AbortSignal): Read<Given, T> {
  return async (...given) => {
    for (;;) {
      try {
        return await read(...given);
      } catch (error) {
        const next = afterError(error, 1);
        if (next.dead || !next.asked) throw error;
        await wait(next.afterMs, undefined, { signal });
      }
    }
  };
}
