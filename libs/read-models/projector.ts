import { setTimeout as wait } from "node:timers/promises";
import { createBell } from "@callbridge/bus";
import type { EventLog } from "@callbridge/event-log";
import type { ReadModels } from "./read-models.ts";

/** A call brings twenty events within a minute, and each time it is folded anew: a short pause takes many at once. */
const pauseMs = 500;
/** A notification can get lost when the connection breaks. */
const pollMs = 5_000;
const retryMs = 5_000;

export type ProjectorOptions = {
  log: Pick<EventLog, "listen">;
  readModels: Pick<ReadModels, "catchUp">;
  /** Told each time that the tables could not be brought up to date; it is tried again. */
  onError: (error: unknown) => void;
  pauseMs?: number;
  retryMs?: number;
};

/** Keeps the tables fresh. Several processes may: each event is taken in by one of them. */
export function startProjector({ log, readModels, onError, ...options }: ProjectorOptions): {
  stop: () => Promise<void>;
} {
  const stopping = new AbortController();
  const bell = createBell();
  const listener = log.listen(bell.ring);
  const finished = run();
  return {
    stop: async () => {
      stopping.abort();
      bell.ring();
      await finished;
      await listener.close();
    },
  };

  async function run(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      let restMs = options.pauseMs ?? pauseMs;
      try {
        await readModels.catchUp();
      } catch (error) {
        onError(error);
        restMs = options.retryMs ?? retryMs;
      }
      await wait(restMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await bell.wait(pollMs);
    }
  }
}
