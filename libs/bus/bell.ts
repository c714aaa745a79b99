import { type Alarms, systemAlarms } from "./alarms.ts";

export type Bell = { ring: () => void; wait: (limitMs: number) => Promise<void> };

/** Wakes one waiter. A ring that comes before anybody waits is not lost. */
export function createBell({ after }: Alarms = systemAlarms): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      rung = true;
      wake?.();
    },
    wait: async (limitMs) => {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const cancel = after(limitMs, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
      }
      rung = false;
      wake = undefined;
    },
  };
}
