import type { Announcement } from "@callbridge/events";
import type { Health } from "./health.ts";

/** `deliveries` is 1 for the first one. More: the event may have been in hand before, perhaps when a process died. */
export type Deliver = (announcement: Announcement, deliveries: number) => Promise<void>;

export type Consuming = {
  /** Takes no more, waits for what is in hand, saves the low-water mark. */
  stop: () => Promise<void>;
};

/**
 * Brings every event of the log to every consumer, at least once and roughly in order. A delivery is acked when `deliver`
 * resolves; when it throws (the database is down), the same event comes again. Everything finer (retries with backoff,
 * timers, dead letters) is the `due` table's, so that both buses behave alike.
 */
export type Bus = {
  consume: (consumer: string, deliver: Deliver, options: { concurrency: number }) => Consuming;
  /** Whether events flow. */
  health: () => Health;
  close: () => Promise<void>;
};
