/** Work that happens after its request was answered: late applications, webhooks for own writes. */
export type LateWork = {
  schedule: (delayMs: number, work: () => unknown) => void;
  /** Work that is under way already. */
  track: (work: Promise<unknown>) => void;
  /** Does all that is scheduled at once, and waits for all that is under way. */
  settle: () => Promise<void>;
  /** Forgets what is scheduled. */
  cancel: () => void;
};

export function lateWork(): LateWork {
  const scheduled = new Map<NodeJS.Timeout, () => unknown>();
  const running = new Set<Promise<unknown>>();
  const track = (work: Promise<unknown>): void => {
    running.add(work);
    const forget = () => running.delete(work);
    work.then(forget, forget);
  };
  const run = (timer: NodeJS.Timeout, work: () => unknown): void => {
    clearTimeout(timer);
    if (scheduled.delete(timer)) track(Promise.resolve().then(work));
  };
  return {
    track,
    schedule(delayMs, work) {
      const timer = setTimeout(() => run(timer, work), delayMs);
      scheduled.set(timer, work);
    },
    async settle() {
      for (const [timer, work] of scheduled) run(timer, work);
      while (running.size > 0) await Promise.allSettled([...running]);
    },
    cancel() {
      for (const timer of scheduled.keys()) clearTimeout(timer);
      scheduled.clear();
    },
  };
}
