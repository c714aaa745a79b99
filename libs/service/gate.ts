import { setTimeout as wait } from "node:timers/promises";
import type { EventLog } from "@callbridge/event-log";
import { type Gate, VendorError } from "@callbridge/vendor";
import type { Logger } from "pino";
import { mayWaitMs } from "./attempt-deadline.ts";

/** How much of a vendor's budget a kind of work leaves to others: a storm of contacts must not hold up calls. */
const reserves = { dialling: 0, calls: 0.2, contacts: 0.35, sweep: 0.5 };

/** What is known of a vendor's limit before its headers have told. We stay a twentieth below: arrival times jitter. */
const vendors = {
  cloudtalk: { limitMax: 60, windowMs: 60_000 },
  ghl: { limitMax: 100, windowMs: 10_000 },
};
const margin = 0.95;
/** Longer waits go back to the timers instead of holding a slot. */
const waitMaxMs = 10_000;
/** After this many failures in a row the vendor is left alone, for a time that doubles up to the maximum. */
const breaker = { failuresMax: 5, openFirstMs: 15_000, openMaxMs: 300_000 };

/** Requests a second that a kind of work may send by what is known at the start: what others leave is not counted on. */
export function paceOf(vendor: keyof typeof vendors, work: keyof typeof reserves): number {
  const { limitMax, windowMs } = vendors[vendor];
  return (Math.floor(safe(limitMax) * (1 - reserves[work])) / windowMs) * 1_000;
}

export type GateOptions = {
  log: EventLog;
  logger: Logger;
  clock: () => Date;
  account: string;
  vendor: keyof typeof vendors;
  work: keyof typeof reserves;
  /** The vendor's limit until its headers tell another; what its documents say when absent. */
  limit?: { limitMax: number; windowMs: number };
  /** Passes the time; tests move their clock instead. */
  sleep?: (ms: number) => Promise<unknown>;
};

/** The shared budget and circuit breaker of one account at one vendor, over the log's database. */
export function openGate({ log, logger, clock, account, vendor, work, sleep = wait, limit }: GateOptions): Gate {
  const key = { account, vendor };
  const known = limit ?? vendors[vendor];
  const atStart = { ...known, limitMax: safe(known.limitMax), reserve: reserves[work] };
  let failing = false;
  let learnt = "";

  return {
    pass: async (operation) => {
      for (let waited = 0; ; ) {
        const token = await log.takeToken(key, clock(), atStart);
        const leftMs = mayWaitMs(clock().getTime());
        if (token.granted && leftMs > 0) {
          failing = token.failures > 0;
          return;
        }
        if (token.granted) {
          const detail = "it is too late for this attempt to send anything";
          throw new VendorError({ vendor, operation, consequence: "not-applied", detail });
        }
        if (token.waitMs > Math.min(waitMaxMs - waited, leftMs)) {
          const detail = "the shared budget is used up, or the vendor is failing";
          throw new VendorError({ vendor, operation, consequence: "not-applied", retryAfterMs: token.waitMs, detail });
        }
        waited += token.waitMs;
        await sleep(token.waitMs);
      }
    },
    report: async ({ limit, error }) => {
      try {
        if (error) await heard(error);
        else if (failing) await log.clearFailures(key);
        if (limit) await learn(limit.max, limit.windowMs ?? known.windowMs);
      } catch (cause) {
        logger.warn({ err: cause, vendor, account }, "the budget could not be written");
      }
    },
  };

  async function learn(max: number, windowMs: number): Promise<void> {
    if (learnt === `${max}/${windowMs}`) return;
    await log.learnLimit(key, safe(max), windowMs);
    learnt = `${max}/${windowMs}`;
  }

  async function heard(error: VendorError): Promise<void> {
    const now = clock().getTime();
    if (error.status === 429) {
      await log.block(key, new Date(now + (error.retryAfterMs ?? known.windowMs)));
      return;
    }
    // An answer that refuses is an answer: the vendor is well.
    if (error.status !== undefined && error.status < 500) {
      if (failing) await log.clearFailures(key);
      return;
    }
    const openMs = await log.countFailure(key, clock(), breaker);
    if (openMs !== undefined)
      logger.warn({ vendor, account, openMs }, "the vendor is failing and is left alone for a while");
  }
}

const safe = (max: number) => Math.max(1, Math.floor(max * margin));
