import { type FreshLog, freshLog } from "@callbridge/testing";
import { type Gate, VendorError } from "@callbridge/vendor";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leavingUntil } from "./attempt-deadline.ts";
import { openGate } from "./gate.ts";

let fresh: FreshLog;
beforeAll(async () => {
  fresh = await freshLog();
});
afterAll(() => fresh.drop());

const start = new Date("2026-11-22T10:00:00.000Z").getTime();
let accounts = 0;

/** Replicas of one account with a clock that the test moves. */
function replicas(count: number, work: "dialling" | "calls" | "sweep" = "dialling") {
  const clock = { ms: start };
  const account = `gate-${accounts++}`;
  const sleep = async (ms: number) => {
    clock.ms += ms;
  };
  const options = {
    log: fresh.log,
    logger: pino({ level: "silent" }),
    clock: () => new Date(clock.ms),
    account,
    sleep,
  };
  const gates = Array.from({ length: count }, () => openGate({ ...options, vendor: "cloudtalk", work }));
  return { clock, account, gates, sweep: openGate({ ...options, vendor: "cloudtalk", work: "sweep" }) };
}

/** How many get through, and how long the first refused one is told to wait. */
async function rush(gates: Gate[], times: number) {
  let passed = 0;
  let waitMs: number | undefined;
  for (let turn = 0; turn < times; turn++) {
    try {
      await gates[turn % gates.length]?.pass("test");
      passed += 1;
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      waitMs ??= error.retryAfterMs;
    }
  }
  return { passed, waitMs };
}

const failure = (status?: number, retryAfterMs?: number) =>
  new VendorError({
    vendor: "cloudtalk",
    operation: "test",
    consequence: "ambiguous",
    detail: "",
    status,
    retryAfterMs,
  });

describe("the gate of a vendor", () => {
  test("all replicas together stay below the limit of any sliding window", async () => {
    const { clock, gates } = replicas(3);
    expect(await rush(gates, 60)).toEqual({ passed: 57, waitMs: 60_000 });
    clock.ms += 59_000;
    // A second is short enough to be waited for.
    expect(await rush(gates, 1)).toEqual({ passed: 1, waitMs: undefined });
    expect(clock.ms).toBe(start + 60_000);
    clock.ms += 30_000;
    expect((await rush(gates, 60)).passed).toBe(56);
  });

  test("a sweep leaves half of the budget to calls", async () => {
    const { gates, sweep } = replicas(1);
    expect((await rush([sweep], 60)).passed).toBe(28);
    expect((await rush(gates, 60)).passed).toBe(29);
  });

  test("a 429 stops every replica until the vendor's own time", async () => {
    const { clock, gates } = replicas(2);
    await rush(gates, 1);
    await gates[0]?.report({ error: failure(429, 42_000) });
    expect(await rush(gates, 2)).toEqual({ passed: 0, waitMs: 42_000 });
    clock.ms += 42_000;
    expect((await rush(gates, 2)).passed).toBe(2);
  });

  test("the limit is learnt from the vendor's answers", async () => {
    const { gates } = replicas(1);
    await rush(gates, 1);
    await gates[0]?.report({ limit: { max: 120, windowMs: 60_000 } });
    expect((await rush(gates, 120)).passed).toBe(113);
  });

  test("a vendor that fails again and again is left alone, and let in again by one success", async () => {
    const { clock, gates } = replicas(2);
    for (let turn = 0; turn < 5; turn++) {
      await rush(gates, 1);
      await gates[turn % 2]?.report({ error: failure(turn === 4 ? undefined : 503) });
    }
    expect(await rush(gates, 1)).toEqual({ passed: 0, waitMs: 15_000 });
    clock.ms += 15_000;
    expect((await rush(gates, 1)).passed).toBe(1);
    // Requests that were under way together fail together: that opens the breaker once.
    for (const gate of gates) await gate.report({ error: failure(503) });
    expect(await rush(gates, 1)).toEqual({ passed: 0, waitMs: 30_000 });
    clock.ms += 30_000;
    await rush([gates[0] as Gate], 1);
    await gates[0]?.report({});
    expect((await rush(gates, 10)).passed).toBe(10);
  });

  test("nothing of an attempt leaves after its time, whether it waited for the budget or its process stood still", async () => {
    const { clock, gates } = replicas(1);
    expect(await leavingUntil(start + 5_000, () => rush(gates, 58))).toEqual({ passed: 57, waitMs: 60_000 });
    clock.ms += 55_000;
    expect(await leavingUntil(clock.ms + 4_000, () => rush(gates, 1))).toEqual({ passed: 0, waitMs: 5_000 });
    clock.ms += 5_000;
    const late = leavingUntil(clock.ms, async () => gates[0]?.pass("test"));
    await expect(late).rejects.toMatchObject({ consequence: "not-applied" });
    expect((await rush(gates, 1)).passed).toBe(1);
  });

  test("a refusal is an answer and no failure", async () => {
    const { gates } = replicas(1);
    for (let turn = 0; turn < 10; turn++) {
      await rush(gates, 1);
      await gates[0]?.report({ error: failure(404) });
    }
    expect((await rush(gates, 1)).passed).toBe(1);
  });
});
