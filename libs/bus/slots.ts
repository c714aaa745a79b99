/** At most `size` pieces of work at once. `take` waits for a free slot; the work gives it back by settling. */
export type Slots = {
  take: () => Promise<void>;
  run: (work: Promise<unknown>) => void;
  idle: () => Promise<void>;
};

export function createSlots(size: number): Slots {
  let free = size;
  const waiting: (() => void)[] = [];
  const running = new Set<Promise<unknown>>();
  return {
    take: async () => {
      if (free > 0) {
        free -= 1;
        return;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
    run: (work) => {
      running.add(work);
      const done = () => {
        running.delete(work);
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      };
      work.then(done, done);
    },
    idle: async () => {
      await Promise.allSettled([...running]);
    },
  };
}
