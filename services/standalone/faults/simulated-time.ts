import type { Random } from "./random.ts";

type Entry = { atMs: number; tie: number; run: (() => void) | undefined };

/** Time that passes only from one thing to the next. What happens at the same moment happens in an order of chance. */
export type SimulatedTime = {
  nowMs: () => number;
  clock: () => Date;
  /** Cancelled by what it gives back. */
  after: (ms: number, run: () => void) => () => void;
  /** Runs until `isOver`, which is asked between any two steps; false: nothing is left, or one of the limits is reached. */
  runUntil: (isOver: () => boolean, limits: { ms: number; steps: number }) => Promise<boolean>;
};

export const beginningMs = Date.parse("2026-11-22T10:00:00.000Z");

export function simulatedTime(random: Random): SimulatedTime {
  const heap: Entry[] = [];
  let nowMs = beginningMs;

  return {
    nowMs: () => nowMs,
    clock: () => new Date(nowMs),
    after: (ms, run) => {
      const entry: Entry = { atMs: nowMs + Math.max(0, Math.ceil(ms)), tie: random.next(), run };
      push(heap, entry);
      return () => {
        entry.run = undefined;
      };
    },
    runUntil: async (isOver, limits) => {
      const endMs = nowMs + limits.ms;
      // What was begun before the first step gets as far as it can.
      await settled();
      for (let steps = 0; !isOver(); ) {
        const entry = pop(heap);
        if (!entry || entry.atMs > endMs || steps > limits.steps) return false;
        nowMs = entry.atMs;
        if (!entry.run) continue;
        entry.run();
        steps += 1;
        await settled();
      }
      return true;
    },
  };
}

/** Everything in the simulation waits for promises alone, and those are all done before the next turn of the event loop. */
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

const isBefore = (a: Entry, b: Entry) => a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie);

function push(heap: Entry[], entry: Entry): void {
  let place = heap.push(entry) - 1;
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above];
    if (!parent || !isBefore(entry, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const [top] = heap;
  const last = heap.pop();
  if (!top || !last || heap.length === 0) return top;
  let place = 0;
  for (;;) {
    const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]];
    const least = right && left && isBefore(right, left) ? right : left;
    if (!least || !isBefore(least, last)) break;
    heap[place] = least;
    place = least === right ? 2 * place + 2 : 2 * place + 1;
  }
  heap[place] = last;
  return top;
}
