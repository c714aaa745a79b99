import type { EventLog } from "@callbridge/event-log";
import type { EventType } from "@callbridge/events";
import type { AnyHandler, Service } from "@callbridge/service";
import { type FreshLog, freshLog } from "@callbridge/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Capture, capture } from "./captured-run.ts";
import { answeredCall, callEnded, put } from "./sample-events.ts";

const now = new Date("2026-11-22T10:00:00.000Z");
const calls = 3;
let fresh: FreshLog;
let cli: Capture;
beforeAll(async () => {
  fresh = await freshLog();
  cli = capture(fresh, { services, clock: () => now });
  for (let call = 1; call <= calls; call++) {
    await put(fresh.log, now, callEnded(`c${call}`), answeredCall(`c${call}`, `${call}`));
  }
});
afterAll(() => fresh.drop());

const handler = (name: string, on: EventType[], decide: AnyHandler["decide"]): AnyHandler => {
  return { name, on, fold: (events) => events, decide };
};
const services: Service[] = [
  {
    name: "sync",
    handlers: [
      handler("ask", ["call.ended"], async (_event, _state, { once }) => {
        await once("details:1", async () => "never asked");
        return {};
      }),
      handler("known", ["call.identified"], ({ stream }) => ({
        // The same key as the event that is there.
        append: [
          { type: "call.matched", stream, key: { fact: `${stream}/identified` }, data: {} as never, personal: {} },
        ],
      })),
    ],
  },
  {
    name: "writer",
    handlers: [
      handler("note", ["call.identified"], ({ stream }) => ({
        intend: [{ kind: "ghl.note", effect: `note:${stream}:1`, target: `note:${stream}`, revision: 1, input: {} }],
      })),
      { ...handler("audio", ["call.ended"], () => ({})), lease: () => "recording:x" },
    ],
  },
];

/** The rows that services would find when everything is due. */
async function scheduled(log: EventLog, consumer: string): Promise<string[]> {
  const limits = { fresh: new Map([["default", 2_000]]), suspects: 0 };
  const rows = await log.claimDue(consumer, new Date("2027-01-01"), limits, 1);
  await Promise.all(rows.map((row) => log.finishDue(row)));
  return rows.sort((a, b) => a.position - b.position || a.key.localeCompare(b.key)).map(({ key }) => key);
}

describe("replay", () => {
  test("a dry run says which handlers would do what, and changes nothing", async () => {
    const { code, out } = await cli.run("replay", "--dry-run");
    expect(code).toBe(0);
    expect(out).toContain("6 events to replay, 10 per second");
    expect(out).toMatch(/sync +ask +ask the vendor and then decide +3 +1 details:1/);
    expect(out).toMatch(/sync +known +do nothing +3/);
    expect(out).toMatch(/writer +note +intend ghl\.note +3 +2 note:call:u:c1:1/);
    expect(out).toMatch(/writer +audio +work under a lease +3/);
    expect(await scheduled(fresh.log, "sync")).toEqual([]);
    expect(await fresh.log.lastPosition()).toBe(2 * calls);
  });

  test("writes a row for every handler that listens, at the given rate", async () => {
    const { code, json } = await cli.run("replay", "--rate", "0.1", "--json");
    expect(code).toBe(0);
    expect(json()).toMatchObject({ events: 6, scheduled: 12, dryRun: false });
    expect(await fresh.log.nextDueAt("writer", ["default"], now)).toEqual(new Date(now.getTime() + 10_000));
    expect(await scheduled(fresh.log, "sync")).toEqual(
      [1, 2, 3, 4, 5, 6].map((position) => `${position % 2 ? "ask" : "known"}/replay:${position}`),
    );
    expect(await scheduled(fresh.log, "writer")).toHaveLength(6);
  });

  test.each([
    ["of one service", ["--consumer", "writer"], 6],
    ["of one type", ["--type", "call.identified"], 6],
    ["of one type at one service", ["--type", "call.identified", "--consumer", "sync"], 3],
    ["of one stream", ["--stream", "call:n:2"], 4],
    ["between two positions", ["--from", "2", "--to", "3"], 4],
    ["of a time", ["--from", "2026-11-23"], 0],
  ])("takes events %s", async (_how, words, rows) => {
    const { json } = await cli.run("replay", "--json", ...words);
    expect(json()).toMatchObject({ scheduled: rows });
    const keys = [...(await scheduled(fresh.log, "sync")), ...(await scheduled(fresh.log, "writer"))];
    expect(keys).toHaveLength(rows);
  });

  test("an interrupted one goes on where it stopped, and ends where it was to end", async () => {
    const many = Array.from({ length: 1_100 }, (_, index) => callEnded(`many${index}`));
    const positions = await put(fresh.log, now, ...many);
    // Ten seconds pass with every look at the clock, so that progress is told after every page.
    let looks = 0;
    const clock = () => {
      looks += 1;
      return new Date(now.getTime() + looks * 10_000);
    };
    const slow = capture(fresh, { services, clock });
    const words = ["replay", "--consumer", "sync", "--from", `${positions[0]}`, "--rate", "1000"];
    const interrupted = await slow.runUntil("500 of 1100 events", ...words);
    expect(interrupted.code).toBe(1);
    expect(interrupted.err).toContain(`Interrupted after position ${positions[499]}: the same command goes on`);
    const first = await scheduled(fresh.log, "sync");
    // What comes after the replay began is not part of it, also not of its rest.
    await put(fresh.log, now, callEnded("later"));

    const { code, err, json } = await cli.run(...words, "--json");
    expect(code).toBe(0);
    expect(err).toContain(`Going on after position ${positions[499]}`);
    expect(json()).toMatchObject({ scheduled: 600 });
    const second = await scheduled(fresh.log, "sync");
    expect([...first, ...second]).toEqual(positions.map((position) => `ask/replay:${position}`));
    expect(await fresh.log.bookmark("replay/")).toBeUndefined();
    expect((await cli.run(...words, "--json")).json()).toMatchObject({ scheduled: 1_101 });
  });

  test("an unknown service, an unknown type and one that nobody reacts to are errors", async () => {
    const { code, err } = await cli.run("replay", "--consumer", "nobody");
    expect({ code, err }).toEqual({
      code: 1,
      err: "callbridge: There is no service nobody. There are: sync, writer.\n",
    });
    expect((await cli.run("replay", "--type", "call.sung")).err).toContain("There is no event type call.sung");
    expect((await cli.run("replay", "--type", "note.added")).err).toContain("Nobody reacts to note.added");
  });
});
