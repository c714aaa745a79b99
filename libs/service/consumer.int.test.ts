import { type LogEvent, stream } from "@callbridge/events";
import { until } from "@callbridge/testing";
import { VendorError } from "@callbridge/vendor";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Permanent } from "./errors.ts";
import type { AnyHandler } from "./handler.ts";
import { analysisFailed, callEnded, onEnded, openWorkbench, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.stopAll());
afterAll(() => bench.close());

const hang = () => new Promise<never>(() => undefined);
const isDone = (uuid: string) => async () =>
  (await bench.log.stream("a", stream.callByUuid(uuid))).events.some(({ type }) => type === "call.analysis_failed");
/** Throws what it is given, one after the other, then decides. */
const failing = (errors: unknown[]) =>
  onEnded((event) => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    return { append: [analysisFailed(event)] };
  });
const vendorError = (consequence: VendorError["consequence"], more: { status?: number; retryAfterMs?: number } = {}) =>
  new VendorError({ vendor: "ghl", operation: "contacts.get", consequence, detail: "no", body: { a: 1 }, ...more });

describe("an error", () => {
  test("puts the event off with growing waits, and it works in the end", async () => {
    const name = await bench.newName();
    const errors = [new Error("first"), new Error("second"), new Error("third")];
    const process = await bench.start({ name, handlers: [failing(errors)] });
    const position = await bench.append(callEnded("backoff"));
    const waits: number[] = [];
    for (const attempt of [1, 2, 3]) {
      const row = await bench.row(name, (row) => row.attempt === attempt);
      const waitMs = (row.at?.getTime() ?? 0) - bench.clock().getTime();
      waits.push(waitMs);
      bench.advance(waitMs);
    }
    await until("it is done", isDone("backoff"));
    expect(waits).toEqual([2_000, 4_000, 8_000]);
    await until("the row is gone", async () => (await bench.rows(name)).length === 0);
    await process.stop();
    expect(await bench.log.readMark(name)).toBeGreaterThanOrEqual(position);
  });

  test("that waiting cannot help makes a dead letter at once, and the event is acked", async () => {
    const name = await bench.newName();
    const process = await bench.start({ name, handlers: [failing([new Permanent("never will")])] });
    const position = await bench.append(callEnded("permanent"));
    const row = await bench.row(name);
    expect(row).toMatchObject({ position, at: null, because: "never will", key: `tested/retry:${position}` });
    await process.stop();
    expect(await bench.log.readMark(name)).toBeGreaterThanOrEqual(position);
    expect(await bench.rows(name)).toHaveLength(1);
  });

  test.each([
    ["a refusal is final", "refused", {}, undefined, 1],
    ["a wrong key waits for a person and uses up no attempt", "unauthorised", {}, 300_000, 0],
    ["a limit waits as asked and uses up no attempt", "not-applied", { status: 429, retryAfterMs: 42_000 }, 42_000, 0],
    ["a wait of nothing is not taken at its word", "not-applied", { status: 429, retryAfterMs: 0 }, 1_000, 0],
    ["nor is one of a century", "not-applied", { status: 429, retryAfterMs: 3e12 }, 86_400_000, 0],
    ["an outage backs off", "ambiguous", { status: 503 }, 2_000, 1],
  ] as const)("of a vendor: %s", async (what, consequence, more, afterMs, attempt) => {
    const name = await bench.newName();
    await bench.start({ name, handlers: [failing([vendorError(consequence, more)])] });
    const position = await bench.append(callEnded(what));
    const { at, ...row } = await bench.row(name);
    expect(row).toMatchObject({ position, attempt });
    expect(at && at.getTime() - bench.clock().getTime()).toBe(afterMs ?? null);
  });

  test("is kept without the personal data that its message quotes", async () => {
    const name = await bench.newName();
    const error = new Error("no contact jane@example.com at +1 202 555 0143");
    await bench.start({ name, handlers: [failing([error])] });
    await bench.append(callEnded("quoted"));
    expect((await bench.row(name)).because).toBe("no contact <e-mail> at <number>");
  });

  test("of one handler leaves the others alone", async () => {
    const name = await bench.newName();
    const broken: AnyHandler = { ...failing([new Permanent("broken")]), name: "broken" };
    await bench.start({ name, handlers: [broken, failing([])] });
    await bench.append(callEnded("separate"));
    await until("the other one decided", isDone("separate"));
    expect((await bench.row(name)).key).toMatch(/^broken\//);
  });
});

describe("what only a newer build knows", () => {
  test("an event of a newer version is put off for ten minutes again and again, never given up", async () => {
    const name = await bench.newName();
    await bench.log.saveMark(name, await bench.log.lastPosition(), bench.clock());
    const position = await bench.append(callEnded("newer"));
    await bench.fresh.query("update callbridge.events set version = 2 where position = $1", [position]);
    await bench.start({ name, handlers: [failing([])] });
    for (let look = 0; look < 30; look++) {
      const later = bench.clock().getTime() + 600_000;
      const row = await bench.row(name, ({ at }) => at?.getTime() === later);
      expect(row).toMatchObject({ position, attempt: 0, because: "call.ended version 2 is not known here" });
      bench.advance(600_000);
    }
    await bench.fresh.query("update callbridge.events set version = 1 where position = $1", [position]);
    await bench.play("it is done by the newer build", name, isDone("newer"));
  });

  test("a newer version elsewhere in the stream puts the decision off as well", async () => {
    const name = await bench.newName();
    await bench.start({ name, handlers: [failing([])] });
    const strange = await bench.append({ ...callEnded("mixed"), key: { fact: "mixed/earlier" } });
    await until("it is done", isDone("mixed"));
    await bench.fresh.query("update callbridge.events set version = 2 where position = $1", [strange]);
    await bench.append(callEnded("mixed"));
    expect(await bench.row(name)).toMatchObject({ attempt: 0, because: "call.ended version 2 is not known here" });
  });

  test("a row of a handler that this build does not have is kept", async () => {
    const name = await bench.newName();
    const position = await bench.append(callEnded("unhandled"));
    await bench.log.saveMark(name, position, bench.clock());
    const row = { consumer: name, key: "future/a/note", position, at: bench.clock(), attempt: 0, because: "timer" };
    await bench.log.putDue(bench.clock(), [row]);
    await bench.start({ name, handlers: [failing([])] });
    const kept = await bench.row(name, ({ because }) => because !== "timer");
    expect(kept).toMatchObject({ key: row.key, attempt: 0, because: "this build has no handler of this name" });
    expect(kept.at?.getTime()).toBe(bench.clock().getTime() + 600_000);
  });
});

describe("a process that dies", () => {
  test("leaves its claimed rows to the next one, which waits until they are surely nobody's", async () => {
    const name = await bench.newName();
    const position = await bench.append(callEnded("claimed"));
    await bench.log.saveMark(name, position, bench.clock());
    const row = { consumer: name, key: "tested/a/wake", position, at: bench.clock(), attempt: 0, because: "timer" };
    await bench.log.putDue(bench.clock(), [row]);
    let runs = 0;
    const handler = onEnded((event) => {
      runs += 1;
      return runs === 1 ? hang() : { append: [analysisFailed(event)] };
    });
    const first = await bench.start({ name, handlers: [handler] });
    await until("the first has it in hand", () => runs === 1);
    await first.die();
    await bench.start({ name, handlers: [handler] });
    expect(await isDone("claimed")()).toBe(false);
    bench.advance(30_000);
    await until("the second did it", isDone("claimed"));
    expect(runs).toBe(2);
  });

  test("five times of one event makes it a dead letter, and the events beside it get through", async () => {
    const name = await bench.newName();
    let deaths = 0;
    const handler = onEnded((event) => {
      if (!event.stream.endsWith("poison")) return { append: [analysisFailed(event)] };
      deaths += 1;
      return hang();
    });
    let process = await bench.start({ name, handlers: [handler] });
    const position = await bench.append(callEnded("poison"), callEnded("beside")).then((last) => last - 1);
    for (let death = 1; death <= 5; death++) {
      await until(`it is in hand for the ${death}. time`, () => deaths === death);
      await process.die();
      process = await bench.start({ name, handlers: [handler] });
      // The first death leaves no row behind: the bus brings the event again at once.
      if (death > 1) bench.advance(30_000);
    }
    const row = await bench.row(name, ({ at }) => at === null);
    expect(row).toMatchObject({ position, because: "its process died again and again (4 times in a row)" });
    expect(deaths).toBe(5);
    await until("the other one is done", isDone("beside"));
    await process.die();
    process = await bench.start({ name, handlers: [handler] });
    // The other one may have been brought again and be in the hands of the dead process: it comes back once more.
    const left = await until("only one row is left", async () => {
      bench.advance(30_000);
      const rows = await bench.rows(name);
      return rows.length === 1 && rows;
    });
    expect(left).toMatchObject([{ position, at: null }]);
    expect(deaths).toBe(5);
  });

  test("an outage of the database is no death: what it interrupted is done afterwards", async () => {
    const name = await bench.newName();
    let runs = 0;
    const handler = onEnded(async (event) => {
      runs += 1;
      if (runs > 1) return { append: [analysisFailed(event)] };
      await bench.fresh.query("alter table callbridge.due rename to due_away");
      throw new Error("neither this nor where to put it works");
    });
    await bench.start({ name, handlers: [handler] });
    await bench.append(callEnded("outage"));
    await until("it is in hand", () => runs === 1);
    await until("the table is away", () =>
      bench.rows(name).then(
        () => false,
        () => true,
      ),
    );
    await bench.fresh.query("alter table callbridge.due_away rename to due");
    await until("it is done", isDone("outage"));
    await until("no row is left", async () => (await bench.rows(name)).length === 0);
  });
});

describe("stopping", () => {
  test("waits for the work in hand and takes no more", async () => {
    const name = await bench.newName();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const seen: string[] = [];
    const handler = onEnded(async (event) => {
      seen.push(event.stream);
      await released;
      return { append: [analysisFailed(event)] };
    });
    const process = await bench.start({ name, handlers: [handler] }, { drainMs: 10_000 });
    await bench.append(callEnded("in hand"));
    await until("it is in hand", () => seen.length === 1);
    const stopping = process.stop();
    const position = await bench.append(callEnded("too late"));
    release();
    await stopping;
    expect(await isDone("in hand")()).toBe(true);
    expect(seen).toHaveLength(1);
    expect(await bench.log.readMark(name)).toBe(position - 1);

    await bench.start({ name, handlers: [handler] });
    await until("the late one is done", isDone("too late"));
  });

  test.each([
    [
      "that heeds the signal",
      (signal: AbortSignal) => new Promise<never>((_, reject) => signal.addEventListener("abort", reject)),
    ],
    ["that does not", hang],
  ])("leaves long work %s to the next start", async (kind, work) => {
    const name = await bench.newName();
    let runs = 0;
    const decide = async (event: LogEvent, _events: LogEvent[], signal: AbortSignal) => {
      runs += 1;
      if (runs === 1) await work(signal);
      return { append: [analysisFailed(event)] };
    };
    const handler: AnyHandler = {
      ...onEnded(() => ({})),
      decide: (event, events, { signal }) => decide(event, events as LogEvent[], signal),
    };
    const process = await bench.start({ name, handlers: [handler] }, { drainMs: 50 });
    const position = await bench.append(callEnded(kind));
    await until("it is in hand", () => runs === 1);
    await process.stop();
    expect(await bench.log.readMark(name)).toBeLessThan(position);
    await bench.start({ name, handlers: [handler] });
    await until("it is done", isDone(kind));
    expect(runs).toBe(2);
  });
});

test("a service with two handlers of one name does not start", async () => {
  const handlers = [failing([]), failing([])];
  await expect(bench.start({ name: await bench.newName(), handlers })).rejects.toThrow("handlers of one name");
});
