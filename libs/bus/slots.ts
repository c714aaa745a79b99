/** At most `size` pieces of work at once. `take` waits for a free slot; the work gives it back by settling. */
export type Slots = {
  /** How many are free, at least one: waits for it. Takes none. */
  free: () => Promise<number>;
  take: () => Promise<void>;
  run: (work: Promise<unknown>) => void;
  idle: () => Promise<void>;
};

export function createSlots(size: number): Slots {
  let free = size;
  const waiting: (() => void)[] = [];
  const running = new Set<Promise<unknown>>();
  const take = async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const giveBack = () => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return {
    free: async () => {
      await take();
      giveBack();
      return free;
    },
    take,
    run: (work) => {
      running.add(work);
      const done = () => {
        running.delete(work);
        giveBack();
      };
      work.then(done, done);
    },
    idle: async () => {
      await Promise.allSettled([...running]);
    },
  };
}
