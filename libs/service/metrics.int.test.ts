import { afterAll, beforeAll, expect, test } from "vitest";
import { Permanent } from "./errors.ts";
import { metricsPage } from "./metrics.ts";
import { createScriptedVendor } from "./scripted-vendor.ts";
import { callEnded, onEnded, openWorkbench, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());

/** What the page says now: one entry per line that is a value. */
async function page(): Promise<Map<string, number>> {
  const { text } = await metricsPage(bench.log);
  const lines = text.split("\n").filter((line) => line.startsWith("callbridge_"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
}

test("the page says what became of a service's events and writes, and how many dead letters lie", async () => {
  const vendor = createScriptedVendor(bench.clock);
  const consumer = await bench.newName();
  const broken = onEnded(() => {
    throw new Permanent("never will");
  });
  const process = await bench.start({ name: consumer, handlers: [broken], effects: [vendor.definition()] });
  await bench.append(callEnded("counted"), {
    type: "effect.intended",
    stream: "call:u:counted",
    key: { fact: "effect:counted/intended" },
    time: bench.clock().toISOString(),
    source: "test",
    data: { effect: "counted", kind: "ghl.note", target: "counted", revision: 1 },
    personal: { input: { body: "hello" } },
  });
  await bench.row(consumer);
  const counted = await bench.play("all is counted", consumer, async () => {
    const now = await page();
    return now.has('callbridge_effects_total{kind="ghl.note",outcome="observed"}') ? now : undefined;
  });
  expect(Object.fromEntries(counted)).toMatchObject({
    [`callbridge_events_handled_total{consumer="${consumer}",outcome="dead"}`]: 1,
    'callbridge_effects_total{kind="ghl.note",outcome="attempted"}': 1,
    'callbridge_effects_total{kind="ghl.note",outcome="observed"}': 1,
    [`callbridge_dead_letters{consumer="${consumer}"}`]: 1,
  });
  await process.stop();
});
