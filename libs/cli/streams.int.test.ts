import { type FreshLog, freshLog } from "@callbridge/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Capture, capture } from "./captured-run.ts";
import { callEnded, put } from "./sample-events.ts";

const now = new Date("2026-11-22T10:00:00.000Z");
let fresh: FreshLog;
let cli: Capture;
beforeAll(async () => {
  fresh = await freshLog();
  cli = capture(fresh, { clock: () => now });
  await put(fresh.log, now, callEnded("one"), callEnded("two"), callEnded("three"));
  await fresh.log.saveMark("sync", 1, now);
  await fresh.log.saveMark("writer", 3, now);
  const row = { position: 2, attempt: 1, because: "a test" };
  await fresh.log.putDue(now, [
    { consumer: "sync", key: "a/retry:2", at: now, ...row },
    { consumer: "sync", key: "b/retry:2", at: undefined, ...row },
  ]);
});
afterAll(() => fresh.drop());

test("status shows how far each service is behind the log, and what waits or is dead", async () => {
  const { code, out } = await cli.run("streams", "status");
  expect(code).toBe(0);
  expect(out).toContain("The log is at position 3.");
  expect(out).toMatch(/sync +1 +2 +1 +1 +2026-11-22 10:00:00Z/);
  expect(out).toMatch(/writer +3 +0 +0 +0/);
});

test("without NATS there is nothing to rebuild, and that is said", async () => {
  const { code, out } = await cli.run("streams", "rebuild");
  expect(code).toBe(0);
  expect(out).toContain("NATS_URL is not set");
});

test("a dry run of a rebuild shows the marks and how much comes again, and asks NATS nothing", async () => {
  const withNats = capture(fresh, { clock: () => now, environment: { NATS_URL: "nats://127.0.0.1:1" } });
  const { code, out } = await withNats.run("streams", "rebuild", "--dry-run");
  expect(code).toBe(0);
  expect(out).toContain("built again from position 2: 2 events of 3");
  expect(out).toContain("Nothing was changed");
});

test("a NATS that does not answer is an error that says so", async () => {
  const withNats = capture(fresh, { environment: { NATS_URL: "nats://127.0.0.1:1" } });
  const { code, err } = await withNats.run("streams", "rebuild");
  expect(code).toBe(1);
  expect(err).toContain("The stream could not be deleted at NATS_URL");
});
