import { type LogEvent, stream } from "@callbridge/events";
import { until } from "@callbridge/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  analysisFailed,
  callEnded,
  callModified,
  callReport,
  onEnded,
  openWorkbench,
  type Workbench,
} from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.stopAll());
afterAll(() => bench.close());

const typesOf = async (uuid: string) =>
  (await bench.log.stream("a", stream.callByUuid(uuid))).events.map(({ type }) => type);
const done = (uuid: string) => async () => (await typesOf(uuid)).includes("call.analysis_failed");

describe("a decision", () => {
  test("is appended with its cause, its source and its time", async () => {
    const name = await bench.newName();
    await bench.start({ name, handlers: [onEnded((event) => ({ append: [analysisFailed(event)] }))] });
    await bench.append(callEnded("plain"));
    await until("it is decided", done("plain"));
    const [cause, fact] = (await bench.log.stream("a", stream.callByUuid("plain"))).events;
    expect(fact).toMatchObject({
      source: name,
      time: bench.clock().toISOString(),
      causationId: cause?.id,
      correlationId: "delivery",
    });
  });

  test("is made again when somebody else wrote between the reading and the append", async () => {
    const name = await bench.newName();
    const seen: number[] = [];
    const handler = onEnded(async (event, events) => {
      seen.push(events.length);
      if (seen.length === 1) await bench.append(callModified("raced", "tagged"));
      return { append: [analysisFailed(event, `of ${events.length}`)] };
    });
    await bench.start({ name, handlers: [handler] });
    await bench.append(callEnded("raced"));
    await until("it is decided", done("raced"));
    expect(seen).toEqual([1, 2]);
    const { events } = await bench.log.stream("a", stream.callByUuid("raced"));
    expect(events.at(-1)?.data).toEqual({ because: "of 2" });
  });

  test("that loses the race five times waits a little and is made then", async () => {
    const name = await bench.newName();
    let rounds = 0;
    const handler = onEnded(async (event) => {
      rounds += 1;
      if (rounds <= 5) await bench.append(callModified("hot", `change-${rounds}`));
      return { append: [analysisFailed(event)] };
    });
    await bench.start({ name, handlers: [handler] });
    const position = await bench.append(callEnded("hot"));
    const row = await bench.row(name);
    expect(row).toMatchObject({ position, attempt: 0, because: "the subject is being changed by others" });
    expect([rounds, row.at?.getTime()]).toEqual([5, bench.clock().getTime() + 1_000]);
    await bench.play("it is decided", name, done("hot"));
    expect(rounds).toBe(6);
    await until("the row is gone", async () => (await bench.rows(name)).length === 0);
  });

  test("repeated for the same event changes nothing", async () => {
    const name = await bench.newName();
    await bench.start({ name, handlers: [onEnded((event) => ({ append: [analysisFailed(event)] }))] });
    const position = await bench.append(callEnded("twice"));
    await until("it is decided", done("twice"));
    const again = { consumer: name, key: "tested/again", position, at: bench.clock(), attempt: 0, because: "asked" };
    await bench.log.putDue(bench.clock(), [again]);
    await until("it ran again", async () => (await bench.rows(name)).length === 0);
    expect(await typesOf("twice")).toEqual(["call.ended", "call.analysis_failed"]);
  });

  test("is made from facts that this build knows, whatever else is in the stream", async () => {
    const name = await bench.newName();
    await bench.start({
      name,
      handlers: [onEnded((event, events) => ({ append: [analysisFailed(event, events.map((e) => e.type).join())] }))],
    });
    const strange = await bench.append(callModified("strange", "cloned"));
    await bench.fresh.query("update callbridge.events set type = 'call.cloned' where position = $1", [strange]);
    await bench.append(callEnded("strange"));
    await until("it is decided", done("strange"));
    const { events } = await bench.log.stream("a", stream.callByUuid("strange"));
    expect(events.at(-1)?.data).toEqual({ because: "call.ended" });
  });
});

describe("a wake", () => {
  test("runs the decision again at its time; a later one under the same key replaces it", async () => {
    const name = await bench.newName();
    const runs: string[] = [];
    const began = bench.clock().getTime();
    const handler = onEnded((event, events) => {
      const waited = bench.clock().getTime() - began;
      runs.push(`${event.key.split("/")[1]} at ${waited}`);
      if (waited >= 20_000) return { append: [analysisFailed(event, `of ${events.length}`)] };
      return { wake: [{ key: "note", at: new Date(began + (events.length === 1 ? 10_000 : 20_000)) }] };
    });
    await bench.start({ name, handlers: [handler] });
    await bench.append(callEnded("woken"));
    expect((await bench.row(name)).key).toBe("tested/a/note");
    await bench.append(callReport("call.ended", "woken", "ended-again"));
    await bench.row(name, ({ at }) => at?.getTime() === began + 20_000);
    expect(await bench.rows(name)).toHaveLength(1);
    await bench.play("it is decided", name, done("woken"));
    expect(runs).toEqual(["ended at 0", "ended-again at 0", "ended-again at 20000"]);
  });

  test("set anew by its own run is kept, also at the very moment to which the running one is hidden", async () => {
    const name = await bench.newName();
    let runs = 0;
    const handler = onEnded((event) => {
      runs += 1;
      if (runs === 3) return { append: [analysisFailed(event)] };
      return { wake: [{ key: "again", at: new Date(bench.clock().getTime() + 30_000) }] };
    });
    await bench.start({ name, handlers: [handler] });
    await bench.append(callEnded("again"));
    await bench.play("the third run", name, done("again"));
    expect(runs).toBe(3);
  });

  test("that takes long holds up no other one", async () => {
    const name = await bench.newName();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const handler = onEnded(async (event, events) => {
      if (events.length > 1) return {};
      if (event.stream.endsWith("slow")) await released;
      return { append: [analysisFailed(event)] };
    });
    const positions = [await bench.append(callEnded("slow")), await bench.append(callEnded("quick"))];
    const rows = positions.map((position, index) => ({
      consumer: name,
      key: `tested/${index}`,
      position,
      at: new Date(bench.clock().getTime() + index),
      attempt: 0,
      because: "timer",
    }));
    await bench.log.saveMark(name, await bench.log.lastPosition(), bench.clock());
    await bench.log.putDue(bench.clock(), rows);
    await bench.start({ name, handlers: [handler] });
    await until("the slow one is in hand", async () => (await bench.rows(name)).some(({ claim }) => claim !== null));
    bench.advance(1);
    await until("the quick one is done", done("quick"));
    expect(await typesOf("slow")).toEqual(["call.ended"]);
    release();
    await until("the slow one is done", done("slow"));
  });
});

describe("leased work", () => {
  const leased = (work: (event: LogEvent, events: LogEvent[]) => Promise<void>) =>
    onEnded(
      async (event, events) => {
        if (events.some(({ type }) => type === "call.analysis_failed")) return {};
        await work(event, events);
        return { append: [analysisFailed(event)] };
      },
      { lease: (event, events) => (events.length === 1 ? `work:${event.stream}` : undefined) },
    );

  test("of two processes runs once", async () => {
    const name = await bench.newName();
    let works = 0;
    const handler = leased(async () => {
      works += 1;
      await until("the other process was refused", async () => (await bench.rows(name)).length > 0);
    });
    await bench.start({ name, handlers: [handler] });
    await bench.start({ name, handlers: [handler] });
    await bench.append(callEnded("leased"));
    const refused = await bench.row(name);
    expect(refused).toMatchObject({ because: "somebody else is working on it", attempt: 0 });
    await until("it is done", done("leased"));
    await bench.play("the refused one found it done", name, async () => (await bench.rows(name)).length === 0);
    expect(works).toBe(1);
  });

  test("is taken over when its owner died, after the lease has run out", async () => {
    const name = await bench.newName();
    let works = 0;
    const handler = leased(async () => {
      works += 1;
      if (works === 1) await new Promise(() => undefined);
    });
    const first = await bench.start({ name, handlers: [handler] });
    await bench.append(callEnded("inherited"));
    await until("the first has it in hand", () => works === 1);
    await first.die();
    await bench.start({ name, handlers: [handler] });
    await bench.row(name, ({ because }) => because === "somebody else is working on it");
    expect(works).toBe(1);
    bench.advance(30_000);
    await until("it is done", done("inherited"));
    expect(works).toBe(2);
  });

  test("is renewed while it goes on", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const name = await bench.newName();
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      let works = 0;
      const handler = leased(async () => {
        works += 1;
        await released;
      });
      const process = await bench.start({ name, handlers: [handler] });
      await bench.append(callEnded("renewed"));
      await until("it is in hand", () => works === 1);
      const key = `a/work:${stream.callByUuid("renewed")}`;
      const untilWhen = async () =>
        (await bench.fresh.query<{ until: Date }>("select until from callbridge.leases where key = $1", [key]))[0]
          ?.until;
      const before = (await untilWhen())?.getTime() ?? 0;
      for (let turn = 1; turn <= 4; turn++) {
        bench.advance(10_000);
        await vi.advanceTimersByTimeAsync(10_000);
        await until("it is renewed", async () => (await untilWhen())?.getTime() === before + turn * 10_000);
      }
      expect(await bench.log.takeLease(key, "somebody else", bench.clock())).toBe(false);
      release();
      await until("it is done", done("renewed"));
      await until("the lease is given back", async () => (await untilWhen()) === undefined);
      expect(vi.getTimerCount()).toBe(0);
      await process.stop();
    } finally {
      vi.useRealTimers();
    }
  });
});
