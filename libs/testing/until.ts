import { setTimeout as wait } from "node:timers/promises";

const pollMs = 20;

/** Waits for a condition with a limit: the value once it is neither undefined nor false. Never a fixed sleep. */
export async function until<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await wait(pollMs);
  }
}
