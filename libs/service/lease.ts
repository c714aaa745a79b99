import { randomUUID } from "node:crypto";
import { systemAlarms } from "@callbridge/bus";
import { leaseMs } from "@callbridge/event-log";
import { RetryLater } from "./errors.ts";
import type { Runtime } from "./runtime.ts";

const takenRetryMs = 5_000;

/** Runs work that must not run twice at once. The lease is renewed meanwhile; held by somebody else, it is tried later. */
export async function withLease(
  { log, clock, alarms = systemAlarms }: Pick<Runtime, "log" | "clock" | "alarms">,
  key: string,
  work: () => Promise<void>,
): Promise<void> {
  const owner = randomUUID();
  if (!(await log.takeLease(key, owner, clock()))) {
    throw new RetryLater(takenRetryMs, "somebody else is working on it");
  }
  const endRenewing = alarms.every(leaseMs / 3, () => {
    log.takeLease(key, owner, clock()).catch(() => undefined);
  });
  try {
    await work();
  } finally {
    endRenewing();
    await log.releaseLease(key, owner).catch(() => undefined);
  }
}
