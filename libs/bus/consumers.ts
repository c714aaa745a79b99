import type { Consuming } from "./bus.ts";

/** The consumers of one bus. Each runs until its signal ends, and stopping one waits for what it has in hand. */
export function createConsumers() {
  const running = new Set<Consuming>();
  return {
    start: (run: (signal: AbortSignal) => Promise<void>): Consuming => {
      const controller = new AbortController();
      const finished = run(controller.signal);
      const consuming: Consuming = {
        stop: async () => {
          running.delete(consuming);
          controller.abort();
          await finished;
        },
      };
      running.add(consuming);
      return consuming;
    },
    stopAll: async () => {
      await Promise.all([...running].map((one) => one.stop()));
    },
  };
}
