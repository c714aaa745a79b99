import type { LogEvent, NewEvent } from "@callbridge/events";
import { until } from "@callbridge/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { mayWaitMs } from "./attempt-deadline.ts";
import { leaveMs } from "./effects.ts";
import { createScriptedVendor, type Fault } from "./scripted-vendor.ts";
import { openWorkbench, type Process, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.stopAll());
afterAll(() => bench.close());

const settleMs = 15_000;

function intended(
  effect: string,
  { target = effect, revision = 1, input = { body: "hello" } as object } = {},
): NewEvent {
  return {
    type: "effect.intended",
    stream: `call:u:${target}`,
    key: { fact: `effect:${effect}/intended` },
    time: bench.clock().toISOString(),
    source: "test",
    data: { effect, kind: "ghl.note", target, revision },
    personal: { input: { ...input } },
  };
}

const ends = ["effect.observed", "effect.failed", "effect.unknown", "effect.skipped"];
const isEnd = ({ type, data }: LogEvent) => ends.includes(type) && !("final" in data && data.final === false);
const story = async (effect: string, target = effect) =>
  (await bench.log.target("a", target)).filter(({ data }) => "effect" in data && data.effect === effect).slice(1);
const types = async (effect: string, target = effect) =>
  (await story(effect, target)).map(({ type }) => type.replace("effect.", ""));
const endOf =
  (effect: string, target = effect) =>
  async () =>
    (await story(effect, target)).find(isEnd);

/** A process that carries out notes, and the vendor behind it. */
async function executor(more: { readBack?: false } = {}) {
  const vendor = createScriptedVendor(bench.clock);
  const name = await bench.newName();
  const { readBack, ...rest } = vendor.definition();
  const effects = [more.readBack === false ? rest : { ...rest, readBack }];
  const process = await bench.start({ name, handlers: [], effects }, { settleMs });
  return { name, vendor, process };
}

/** Carries out one effect whose requests go as scripted, to its end. */
async function carriedOut(effect: string, faults: Fault[], more: { readBack?: false } = {}) {
  const one = await executor(more);
  one.vendor.script(effect, ...faults);
  await bench.append(intended(effect));
  const end = await bench.play("it has an end", one.name, endOf(effect));
  await one.process.stop();
  return { ...one, end, types: await types(effect) };
}

describe("an intended write", () => {
  test("that is answered is observed, with the vendor's id and host", async () => {
    const { vendor, end } = await carriedOut("plain", []);
    expect(end.data).toMatchObject({ how: "answer", vendorId: "id-plain", attempt: 1 });
    const [attempted] = await story("plain");
    expect(attempted?.data).toMatchObject({ host: "vendor.test", attempt: 1 });
    expect(attempted?.causationId).toBe((await bench.log.target("a", "plain"))[0]?.id);
    expect(vendor.readBack).toEqual([]);
  });

  test("whose answer is lost though it was applied is read back and not sent again", async () => {
    const { vendor, end } = await carriedOut("lost-applied", ["lost but applied"]);
    expect(end.data).toMatchObject({ how: "read-back", vendorId: "id-lost-applied", attempt: 1 });
    expect([vendor.performed.length, vendor.count("lost-applied")]).toEqual([1, 1]);
  });

  test("whose answer is lost and that was not applied is sent again, after the vendor has settled", async () => {
    const { vendor, types } = await carriedOut("lost", ["lost"]);
    expect(types).toEqual(["attempted", "attempted", "observed"]);
    const [first, second] = vendor.performed;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(leaveMs + settleMs);
    expect(vendor.count("lost")).toBe(1);
  });

  test("leaves soon after its attempt was recorded, and the vendor's time begins after that", async () => {
    const left: number[] = [];
    const { definition } = createScriptedVendor(bench.clock);
    const perform: ReturnType<typeof definition>["perform"] = async (...request) => {
      left.push(mayWaitMs(bench.clock().getTime()));
      return definition().perform(...request);
    };
    const name = await bench.newName();
    await bench.start({ name, handlers: [], effects: [{ ...definition(), perform }] }, { settleMs });
    await bench.append(intended("soon"));
    await bench.play("it has an end", name, endOf("soon"));
    expect(left).toEqual([leaveMs]);
    expect(mayWaitMs(bench.clock().getTime())).toBe(Number.POSITIVE_INFINITY);
  });

  test("that is applied late, while the vendor settles, is not sent again", async () => {
    const { vendor, types } = await carriedOut("late", ["lost and applied late"]);
    expect(types).toEqual(["attempted", "observed"]);
    expect(vendor.count("late")).toBe(1);
  });

  test("that cannot be read back ends unknown and is not sent again", async () => {
    const { vendor, types } = await carriedOut("blind", ["lost but applied"], { readBack: false });
    expect(types).toEqual(["attempted", "unknown"]);
    expect(vendor.performed).toHaveLength(1);
  });

  test("is repeated at ever longer distances while the vendor fails, and never given up", async () => {
    const { vendor, types } = await carriedOut("500s", Array<Fault>(8).fill("failed with 500"));
    expect(types.filter((type) => type === "failed")).toEqual([]);
    const waits = vendor.performed.slice(1).map(({ at }, index) => (at - (vendor.performed[index]?.at ?? 0)) / 1_000);
    expect(waits.slice(0, 5)).toEqual([25, 40, 70, 130, 250]);
    expect(waits.at(-1)).toBe(625);
    expect(vendor.count("500s")).toBe(1);
  });

  test.each<[Fault, number]>([
    ["unreachable", 600],
    ["failed with 500", 625],
  ])("survives an outage of days (%s)", async (fault, waitSeconds) => {
    const { vendor, name } = await executor();
    const effect = `days of ${fault}`;
    const ref = { effect, kind: "ghl.note" as const, target: effect };
    const days = Array.from({ length: 450 }, (_, index): NewEvent[] => {
      const attempt = index + 1;
      const about = { stream: "call:u:days", time: bench.clock().toISOString(), source: "test", personal: {} };
      const key = (step: string) => ({ fact: `effect:${effect}/${step}/${attempt}` });
      const data = { ...ref, attempt, final: false, because: "unreachable" };
      return [
        { ...about, type: "effect.attempted", key: key("attempt"), data: { ...ref, attempt, host: "vendor.test" } },
        ...(fault === "unreachable" ? [{ ...about, type: "effect.failed" as const, key: key("failed"), data }] : []),
      ];
    });
    vendor.script(effect, fault);
    await bench.append(intended(effect), ...days.flat());
    const end = await bench.play("it has an end", name, endOf(effect));
    expect(end.type).toBe("effect.observed");
    const [last, first] = vendor.performed.reverse();
    expect(((last?.at ?? 0) - (first?.at ?? 0)) / 1_000).toBe(waitSeconds);
  });

  test("waits as long as the vendor asks, and surely was not applied", async () => {
    const { vendor, types } = await carriedOut("limited", ["rate limited"]);
    expect(types).toEqual(["attempted", "failed", "attempted", "observed"]);
    expect((vendor.performed[1]?.at ?? 0) - (vendor.performed[0]?.at ?? 0)).toBe(42_000);
    expect(vendor.readBack).toEqual([]);
  });

  test("waits for a person to mend the key", async () => {
    const { vendor, types } = await carriedOut("key", ["unauthorised"]);
    expect(types).toEqual(["attempted", "failed", "attempted", "observed"]);
    expect((vendor.performed[1]?.at ?? 0) - (vendor.performed[0]?.at ?? 0)).toBe(300_000);
  });

  test("that is refused has failed for good", async () => {
    const { vendor, end } = await carriedOut("refused", ["refused"]);
    expect(end.data).toMatchObject({ final: true, status: 422, attempt: 1 });
    expect(vendor.performed).toHaveLength(1);
  });

  test("that finds nothing to do is skipped with the reason", async () => {
    const { end } = await carriedOut("needless", ["nothing to do"]);
    expect(end).toMatchObject({ type: "effect.skipped", data: { because: "it is there already" } });
  });

  test("whose input does not fit its kind fails, and holds up nobody", async () => {
    const { name } = await executor();
    await bench.append(intended("unfit", { input: { body: 7 } }), intended("fit", { target: "unfit" }));
    await bench.play("the next one is written", name, endOf("fit", "unfit"));
    expect(await types("unfit")).toEqual(["failed"]);
  });

  test("is not performed by a replay: an end is an end", async () => {
    const { vendor, name } = await executor();
    const position = await bench.append(intended("replayed"));
    await bench.play("it has an end", name, endOf("replayed"));
    const again = { consumer: name, key: "effects/again", position, at: bench.clock(), attempt: 0, because: "asked" };
    await bench.log.putDue(bench.clock(), [again]);
    await until("it was looked at again", async () => (await bench.rows(name)).length === 0);
    expect(vendor.performed).toHaveLength(1);
  });

  test("whose personal data was erased is skipped", async () => {
    const { vendor, name } = await executor();
    vendor.script("erased", "unreachable");
    await bench.append(intended("erased"));
    await bench.row(name);
    await bench.log.erase("a", "call:u:erased");
    const end = await bench.play("it has an end", name, endOf("erased"));
    expect(end).toMatchObject({ type: "effect.skipped", data: { because: "the personal data was erased" } });
    expect(vendor.performed).toHaveLength(1);
  });
});

describe("reading back", () => {
  test("is repeated while the vendor cannot be asked", async () => {
    const { vendor, name } = await executor();
    vendor.script("unreadable", "lost but applied");
    vendor.failReading(...Array<"ambiguous">(30).fill("ambiguous"), "unauthorised");
    await bench.append(intended("unreadable"));
    const end = await bench.play("it has an end", name, endOf("unreadable"));
    expect(end.data).toMatchObject({ how: "read-back" });
    expect([vendor.performed.length, vendor.readBack.length]).toEqual([1, 32]);
  });

  test("that is refused leaves the end unknown", async () => {
    const { vendor, name } = await executor();
    vendor.script("hidden", "lost");
    vendor.failReading("refused");
    await bench.append(intended("hidden"));
    expect(await bench.play("it has an end", name, endOf("hidden"))).toMatchObject({ type: "effect.unknown" });
    expect(vendor.performed).toHaveLength(1);
  });
});

describe("writes to one target", () => {
  test("run in the order they were intended: the second waits for the first", async () => {
    const { vendor, name } = await executor();
    vendor.script("first", "unreachable", "lost");
    await bench.append(intended("first", { target: "ordered" }), intended("second", { target: "ordered" }));
    await bench.play("both have an end", name, endOf("second", "ordered"));
    expect(vendor.performed.map(({ effect }) => effect)).toEqual(["first", "first", "first", "second"]);
  });

  test("skip the one that a newer one supersedes, but first find out whether it was applied", async () => {
    const { vendor, name } = await executor();
    vendor.script("old", "unreachable");
    vendor.script("doubtful", "lost");
    await bench.append(intended("old", { target: "superseded" }));
    await bench.append(intended("doubtful", { target: "superseded too" }));
    await until("both are waiting", async () => (await bench.rows(name)).filter(({ claim }) => !claim).length === 2);
    await bench.append(intended("new", { target: "superseded", revision: 2 }));
    await bench.append(intended("newest", { target: "superseded too", revision: 2 }));
    await bench.play("the newer one is written", name, endOf("new", "superseded"));
    await bench.play("the newest one is written", name, endOf("newest", "superseded too"));
    expect(await types("old", "superseded")).toEqual(["attempted", "failed", "skipped"]);
    expect(await types("doubtful", "superseded too")).toEqual(["attempted", "skipped"]);
    expect(vendor.readBack.map(({ effect }) => effect)).toEqual(["doubtful"]);
  });

  test("tell each other what was left there", async () => {
    const { vendor, name, process } = await executor();
    await bench.append(intended("left", { target: "previous" }));
    await bench.play("it is written", name, endOf("left", "previous"));
    await process.stop();
    let previous: unknown;
    const definition = vendor.definition();
    const effects = [
      {
        ...definition,
        perform: async (...request: Parameters<typeof definition.perform>) => {
          previous = request[1].previous;
          return definition.perform(...request);
        },
      },
    ];
    await bench.start({ name, handlers: [], effects }, { settleMs });
    await bench.append(intended("later", { target: "previous", revision: 2 }));
    await bench.play("the later one is written", name, endOf("later", "previous"));
    expect(previous).toMatchObject({ effect: "left", vendorId: "id-left" });
  });
});

describe("processes", () => {
  test.each<[Fault, string[]]>([
    ["died after it", ["attempted", "observed"]],
    ["died before it", ["attempted", "attempted", "observed"]],
  ])("one that %s leaves an attempt that the next one settles by reading back", async (fault, told) => {
    const name = await bench.newName();
    const vendor = createScriptedVendor(bench.clock);
    vendor.script(fault, fault);
    const { promise: dying, resolve: die } = Promise.withResolvers<void>();
    let first: Process | undefined;
    const effects = [vendor.definition(() => first?.alive() !== false, die)];
    first = await bench.start({ name, handlers: [], effects }, { settleMs });
    await bench.append(intended(fault));
    await dying;
    await first.die();
    await bench.start({ name, handlers: [], effects: [vendor.definition()] }, { settleMs });
    bench.advance(30_000);
    await bench.play("it has an end", name, endOf(fault));
    expect(await types(fault)).toEqual(told);
    expect(vendor.count(fault)).toBe(1);
  });

  test("two at the same moment perform once", async () => {
    const name = await bench.newName();
    const vendor = createScriptedVendor(bench.clock);
    const effects = [vendor.definition()];
    await bench.start({ name, handlers: [], effects }, { settleMs });
    await bench.start({ name, handlers: [], effects }, { settleMs });
    const names = Array.from({ length: 10 }, (_, index) => `both-${index}`);
    await bench.append(...names.map((effect) => intended(effect)));
    for (const effect of names) await bench.play("it has an end", name, endOf(effect));
    await bench.play("nothing is left to do", name, async () => (await bench.rows(name)).length === 0);
    expect(vendor.performed.map(({ effect }) => effect).sort()).toEqual(names);
  });

  test("an attempt that nobody has a lease on is not judged before the vendor has settled", async () => {
    const { vendor, name } = await executor();
    const effect = "unsettled";
    await bench.append(intended(effect), {
      ...intended(effect),
      type: "effect.attempted",
      key: { fact: `effect:${effect}/attempt/1` },
      data: { effect, kind: "ghl.note", target: effect, attempt: 1, host: "vendor.test" },
      personal: {},
    });
    const row = await bench.row(name);
    expect(row.because).toBe("waiting until the vendor has settled, then reading back");
    expect(row.at?.getTime()).toBe(bench.clock().getTime() + leaveMs + settleMs);
    expect([vendor.performed, vendor.readBack]).toEqual([[], []]);
  });

  test("one that was believed dead cannot begin an attempt that another one began", async () => {
    const { vendor, name } = await executor();
    const target = "zombie";
    const attempted: NewEvent = {
      ...intended(target),
      type: "effect.attempted",
      key: { fact: `effect:${target}/attempt/1` },
      data: { effect: target, kind: "ghl.note", target, attempt: 1, host: "vendor.test" },
      personal: {},
    };
    await bench.append(attempted, intended(target));
    const row = await bench.row(name);
    expect(row.because).toBe("another process began this attempt");
    expect(vendor.performed).toEqual([]);
  });
});
