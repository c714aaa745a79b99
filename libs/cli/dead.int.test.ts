import type { DueEntry } from "@callbridge/event-log";
import { stream } from "@callbridge/events";
import { type FreshLog, freshLog } from "@callbridge/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Capture, capture } from "./captured-run.ts";
import { answeredCall, callEnded, put, write } from "./sample-events.ts";

const now = new Date("2026-11-22T10:00:00.000Z");
let fresh: FreshLog;
let cli: Capture;
let positions: number[];
beforeAll(async () => {
  fresh = await freshLog();
  cli = capture(fresh, { clock: () => now });
  positions = await put(fresh.log, now, callEnded("one"), callEnded("two"), answeredCall("two", "222"));
});
afterAll(() => fresh.drop());

const at = (index: number) => positions[index] ?? 0;
const letter = (consumer: string, index: number, because: string): DueEntry => {
  return { consumer, key: `a/retry:${at(index)}`, position: at(index), at: undefined, attempt: 20, because };
};
type Listed = {
  deadLetters: { id: string; consumer: string }[];
  writes: { id: string; effect: string; end: string }[];
};
const listed = async (...words: string[]) => (await cli.run("dead", "list", "--json", ...words)).json() as Listed;
/** When the services are to handle what is alive again, in seconds from now. */
const alive = async (consumer: string) => {
  const limits = { fresh: new Map([["default", 9]]), suspects: 9 };
  const entries = await fresh.log.claimDue(consumer, new Date(now.getTime() + 3_600_000), limits, 1);
  return entries.map(({ key, attempt, runs }) => ({ key, attempt, runs }));
};

describe("dead letters", () => {
  beforeEach(async () => {
    await fresh.log.putDue(new Date("2026-11-20T10:00:00Z"), [letter("sync", 0, "GHL said 400")]);
    await fresh.log.putDue(new Date("2026-11-21T10:00:00Z"), [
      letter("sync", 1, "crashed"),
      letter("writer", 2, "crashed"),
    ]);
    await fresh.log.putDue(now, [{ ...letter("sync", 2, "timer"), key: "a/waits", at: now }]);
  });

  test("are listed with what they are about, those that only wait are not", async () => {
    const { code, out } = await cli.run("dead");
    expect(code).toBe(0);
    expect(out).toContain("Dead letters: 3");
    expect(out).toMatch(/sync +a +call\.ended +1 +20 +2026-11-20 10:00:00Z +GHL said 400/);
    expect(out).not.toContain("timer");
  });

  test.each([
    ["service", ["--service", "writer"], 1],
    ["type", ["--type", "call.ended"], 2],
    ["time", ["--since", "2026-11-20T12:00:00Z", "--until", "2026-11-22"], 2],
    ["time ago", ["--since", "30h"], 2],
    ["reason", ["--error", "ghl SAID"], 1],
    ["all of it", ["--service", "sync", "--error", "crashed"], 1],
  ])("are chosen by %s", async (_how, words, count) => {
    expect((await listed(...words)).deadLetters).toHaveLength(count);
  });

  test("one is shown with its event, masked, by the beginning of its id", async () => {
    const [first] = (await listed()).deadLetters;
    const { code, out } = await cli.run("dead", "show", first?.id.slice(0, 6) ?? "");
    expect(code).toBe(0);
    expect(out).toContain("GHL said 400");
    expect(out).toContain('"externalPhone": "•••43"');
    expect(out).not.toContain("2025550143");
  });

  test("an id that nothing has is an error that says what to do", async () => {
    const { code, err } = await cli.run("dead", "show", "ffffffffff");
    expect(code).toBe(1);
    expect(err).toContain("callbridge dead list");
  });

  test("a dry run counts and changes nothing", async () => {
    const { code, out } = await cli.run("dead", "redrive", "--error", "crashed", "--dry-run");
    expect(code).toBe(0);
    expect(out).toMatch(/sync +a +call\.ended +1\n/);
    expect(out).toContain("2 dead letters to redrive");
    expect((await listed()).deadLetters).toHaveLength(3);
  });

  test("come back one after the other, with all attempts before them, and keep their ids", async () => {
    const before = await listed();
    const { out } = await cli.run("dead", "redrive", "--service", "sync", "--rate", "0.5", "--json");
    expect(JSON.parse(out)).toMatchObject({ total: 2, redriven: 2, dryRun: false });
    expect((await listed()).deadLetters.map(({ consumer }) => consumer)).toEqual(["writer"]);
    // The second one is due two seconds after the first.
    expect(await fresh.log.nextDueAt("sync", ["default"], now)).toEqual(new Date(now.getTime() + 2_000));
    expect(await alive("sync")).toEqual(expect.arrayContaining([{ key: `a/retry:${at(0)}`, attempt: 0, runs: 1 }]));
    await fresh.log.putDue(now, [letter("sync", 0, "died again")]);
    expect((await listed("--error", "died again")).deadLetters[0]?.id).toBe(before.deadLetters[0]?.id);
  });

  test("come back by id and up to a limit", async () => {
    const ids = (await listed()).deadLetters.map(({ id }) => id);
    await cli.run("dead", "redrive", ids[2] ?? "");
    expect((await listed()).deadLetters.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    await cli.run("dead", "redrive", "--all", "--limit", "1");
    expect((await listed()).deadLetters.map(({ id }) => id)).toEqual(ids.slice(1, 2));
  });

  test("all of them come back only when that is said", async () => {
    const { code, err } = await cli.run("dead", "redrive");
    expect(code).toBe(2);
    expect(err).toContain("--all");
  });
});

describe("writes that ended badly", () => {
  beforeAll(async () => {
    await put(fresh.log, now, ...write("refused", 1, "failed"), ...write("doubtful", 1, "unknown"));
    // Nothing to do any more for one that a newer write to the same target has superseded.
    await put(fresh.log, now, ...write("old:1", 1, "failed"), ...write("old:2", 2));
  });

  test("are listed unless a newer write has superseded them", async () => {
    const { writes } = await listed();
    expect(writes.map(({ effect, end }) => [effect, end])).toEqual([
      ["refused", "failed"],
      ["doubtful", "unknown"],
    ]);
    expect((await cli.run("dead", "list")).out).toContain("no such contact");
  });

  test("refused ones are intended anew once, doubtful ones are left alone", async () => {
    const plan = await cli.run("dead", "redrive", "--effects", "--all", "--dry-run");
    expect(plan.out).toContain("1 write to intend anew, 1 left alone.");
    expect((await listed()).writes).toHaveLength(2);

    const { out } = await cli.run("dead", "redrive", "--effects", "--all");
    expect(out).toContain("1 write intended anew.");
    expect((await listed()).writes.map(({ effect }) => effect)).toEqual(["doubtful"]);
    const { events } = await fresh.log.stream("default", stream.callByUuid("written"));
    expect(events.at(-1)).toMatchObject({
      type: "effect.intended",
      data: { effect: "refused:redrive:1", target: "note:refused", revision: 1 },
      personal: { input: { body: "the secret note" } },
    });
    expect((await cli.run("dead", "redrive", "--effects", "--all")).out).toContain("0 writes intended anew.");
  });

  test("one that failed again can be intended again, under the next name", async () => {
    const [, end] = write("refused:redrive:1", 1, "failed");
    if (end) await put(fresh.log, now, { ...end, data: { ...end.data, target: "note:refused" } } as never);
    await cli.run("dead", "redrive", "--effects", "--service", "ghl-writer");
    const { events } = await fresh.log.stream("default", stream.callByUuid("written"));
    expect(events.at(-1)).toMatchObject({ data: { effect: "refused:redrive:2" } });
  });

  test("doubtful ones are intended anew when doubles are accepted", async () => {
    const id = (await listed()).writes[0]?.id ?? "";
    const { out } = await cli.run("dead", "redrive", id, "--effects", "--accept-double");
    expect(out).toContain("1 write intended anew.");
    expect((await listed()).writes).toEqual([]);
  });

  test("one whose personal data was erased is left alone", async () => {
    await put(fresh.log, now, ...write("erased", 1, "failed"));
    await fresh.log.erase("default", stream.callByUuid("written"));
    expect((await cli.run("dead", "redrive", "--effects", "--all")).out).toContain(
      "leave: its personal data was erased",
    );
  });
});
