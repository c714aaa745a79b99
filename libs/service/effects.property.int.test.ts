import { evolveEffects } from "@callbridge/events";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createScriptedVendor, type Fault } from "./scripted-vendor.ts";
import { openWorkbench, type Process, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());

const faults: Fault[] = [
  "lost but applied",
  "lost",
  "lost and applied late",
  "failed with 500",
  "rate limited",
  "unreachable",
  "unauthorised",
  "died before it",
  "died after it",
];
const writes = fc.array(
  fc.record({ target: fc.constantFrom("x", "y"), faults: fc.array(fc.constantFrom(...faults), { maxLength: 3 }) }),
  { minLength: 1, maxLength: 4 },
);

let runs = 0;

test("whatever goes wrong, every write is there exactly once, and those to one target in order", async () => {
  await fc.assert(fc.asyncProperty(writes, carryOut), { numRuns: 10, endOnFailure: true });
});

async function carryOut(script: { target: string; faults: Fault[] }[]): Promise<void> {
  runs += 1;
  const name = await bench.newName();
  const vendor = createScriptedVendor(bench.clock);
  const effects = script.map(({ target }, index) => ({ effect: `${runs}-${index}`, target: `${runs}-${target}` }));
  for (const [index, { effect }] of effects.entries()) vendor.script(effect, ...(script[index]?.faults ?? []));

  let current = await startOne();
  await bench.append(
    ...effects.map(({ effect, target }) => ({
      type: "effect.intended" as const,
      stream: `call:u:${effect}`,
      key: { fact: `effect:${effect}/intended` },
      time: bench.clock().toISOString(),
      source: "test",
      data: { effect, kind: "ghl.note" as const, target, revision: 1 },
      personal: { input: { body: "hello" } },
    })),
  );
  await bench.play("every write has its end", name, async () => {
    if (current.wounded()) {
      await current.process.die();
      current = await startOne();
      // Until nobody can believe any more that the dead one is alive.
      bench.advance(30_000);
    }
    return (await stateOf(effects)).every((one) => one?.end !== undefined);
  });

  expect((await stateOf(effects)).map((one) => one?.end)).toEqual(effects.map(() => "observed"));
  // Also what the vendor applies late has come by now.
  bench.advance(60_000);
  expect(effects.map(({ effect }) => vendor.count(effect))).toEqual(effects.map(() => 1));
  for (const target of new Set(effects.map((one) => one.target))) {
    const ofTarget = effects.filter((one) => one.target === target).map(({ effect }) => effect);
    const order = vendor.performed.map(({ effect }) => effect).filter((effect) => ofTarget.includes(effect));
    expect([...new Set(order)]).toEqual(ofTarget);
    expect(order).toEqual([...order].sort());
  }
  await bench.stopAll();

  /** A process that sends nothing any more from the moment on at which a fault killed it. */
  async function startOne(): Promise<{ process: Process; wounded: () => boolean }> {
    let wounded = false;
    const definition = vendor.definition(
      () => !wounded,
      () => {
        wounded = true;
      },
    );
    const process = await bench.start({ name, handlers: [], effects: [definition] }, { settleMs: 15_000 });
    return { process, wounded: () => wounded };
  }
}

async function stateOf(effects: { effect: string; target: string }[]) {
  const targets = [...new Set(effects.map(({ target }) => target))];
  const events = (await Promise.all(targets.map((target) => bench.log.target("a", target)))).flat();
  const state = events.reduce(evolveEffects, new Map());
  return effects.map(({ effect }) => state.get(effect));
}
