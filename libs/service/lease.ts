import { randomUUID } from "node:crypto";
import { systemAlarms } from "@callbridge/bus";
import { leaseMs } from "@callbridge/event-log";
import { RetryLater } from "./errors.ts";
import type { Runtime } from "./runtime.ts";

const leaseTakenRetryMs = 5_000;

/** Runs work that must not run twice at once. The lease is renewed meanwhile; held by somebody else, it is tried later. */
export async function withLease(runtime: Pick<Runtime, "log" | "clock" | "alarms">, key: string, work: () => Promise<void>): Promise<void> {
  const owner = randomUUID();
  if (!(await runtime.log.takeLease(key, owner, runtime.clock()))) {
    throw new RetryLater(leaseTakenRetryMs, "somebody else is working on it");
  }
  const { every } = runtime.alarms ?? systemAlarms;
  const endRenewing = every(leaseMs / 3, () => {
    runtime.log.takeLease(key, owner, runtime.clock()).catch(() => undefined);
  });
  try {
    await work();
  } finally {
    endRenewing();
    await runtime.log.releaseLease(key, owner).catch(() => undefined);
  }
}
