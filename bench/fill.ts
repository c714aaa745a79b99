import { sampleEvent } from "./sample.ts";
import type { Scratch } from "./servers.ts";

/** Events per append; larger batches gain nothing more. */
const batchSize = 500;
/** One batch is sealed and sent while the other is written. */
const writers = 2;

/** Brings a log to `size` events through the ordinary append: every one is checked, sealed and given its place. */
export async function fill({ log }: Pick<Scratch, "log">, size: number): Promise<void> {
  let next = await log.lastPosition();
  const write = async () => {
    while (next < size) {
      const from = next;
      next = Math.min(size, from + batchSize);
      const events = Array.from({ length: next - from }, (_, index) => ({
        account: "bench",
        event: sampleEvent(from + index),
        cause: { correlationId: "bench" },
      }));
      await log.append({ now: new Date(), events });
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  const last = await log.lastPosition();
  if (last !== size) throw new Error(`the log was to have ${size} events and has ${last}`);
}
