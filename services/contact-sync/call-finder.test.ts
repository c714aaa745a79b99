import type { CallDetails, HistoryRow } from "@callbridge/cloudtalk";
import { type Call, type CloudTalkCallId, type CloudTalkCallUuid, newCall } from "@callbridge/events";
import { beforeEach, describe, expect, test } from "vitest";
import { type CallFinder, createCallFinder } from "./call-finder.ts";

const now = new Date("2026-11-22T10:05:30.000Z");
const later = (ms: number) => new Date(now.getTime() + ms);
const ada = "+393000000001";

let calls: (CallDetails & { isReady?: boolean })[];
let pages: number;
let asked: string[];
let finder: CallFinder;
beforeEach(() => {
  calls = [];
  pages = 1;
  asked = [];
  finder = createCallFinder({
    callDetails: async (id) => {
      asked.push(`details ${id}`);
      return calls.find(({ callId, isReady = true }) => callId === id && isReady);
    },
    callHistory: async ({ page = 1, externalPhone }) => {
      asked.push(externalPhone ? `history of ${externalPhone}` : `history ${page}`);
      const rows = calls.map(({ outcome: _, callUuid: __, isReady: ___, ...row }): HistoryRow => row);
      return { pages, rows: rows.filter((row) => !externalPhone || row.externalPhone === externalPhone) };
    },
  });
});

const known = (number: number, facts: Partial<CallDetails> = {}): CallDetails => ({
  callId: String(number) as CloudTalkCallId,
  callUuid: `uuid-${number}` as CloudTalkCallUuid,
  outcome: "answered",
  startedAt: "2026-11-22T10:00:00.000Z",
  externalPhone: ada,
  ...facts,
});
const ended = (number: number, facts: Partial<Call> = {}): Call => ({
  ...newCall,
  callUuid: `uuid-${number}` as CloudTalkCallUuid,
  externalPhone: ada,
  overAt: "2026-11-22T10:05:00.000Z",
  ...facts,
});

describe("a call with a uuid", () => {
  test("one history page serves many pending look-ups, and every call's details are asked once", async () => {
    calls = Array.from({ length: 20 }, (_, index) => known(index, { externalPhone: `+3930000000${10 + index}` }));
    const found = await Promise.all(
      calls.map(({ externalPhone }, index) => finder.byUuid(ended(index, { externalPhone }), now)),
    );
    expect(found.map((one) => one?.callId)).toEqual(calls.map(({ callId }) => callId));
    expect(asked.filter((one) => one.startsWith("history"))).toEqual(["history 1"]);
    expect(asked).toHaveLength(21);
    await finder.byUuid(ended(3, { externalPhone: "+393000000013" }), later(5_000));
    expect(asked).toHaveLength(21);
  });

  test("another call of the number is refused, whatever its time", async () => {
    calls = [known(7)];
    expect(await finder.byUuid(ended(1), now)).toBeUndefined();
  });

  test("a redialled number is searched to its end, a few requests at each look", async () => {
    calls = Array.from({ length: 12 }, (_, index) => known(index));
    const looks: (CallDetails | undefined)[] = [];
    for (let look = 0; look < 3; look++) looks.push(await finder.byUuid(ended(11), later(look * 20_000)));
    expect(looks.map((one) => one?.callId)).toEqual([undefined, undefined, "11"]);
    expect(asked.filter((one) => one.startsWith("details"))).toHaveLength(12);
  });

  test("details that are not ready are asked for again", async () => {
    calls = [{ ...known(1), isReady: false }];
    expect(await finder.byUuid(ended(1), now)).toBeUndefined();
    calls = [known(1)];
    expect(await finder.byUuid(ended(1), later(1_000))).toMatchObject({ callId: "1" });
  });

  test("a page that is older than the end of the call is read anew", async () => {
    await finder.byUuid(ended(1), now);
    calls = [known(2)];
    const over = later(1_000).toISOString();
    expect(await finder.byUuid(ended(2, { overAt: over }), later(2_000))).toMatchObject({ callId: "2" });
  });

  test("a time that is off by the company's zone does not hide it", async () => {
    calls = [known(1, { startedAt: "2026-11-22T21:00:00.000Z" })];
    expect(await finder.byUuid(ended(1), now)).toMatchObject({ callId: "1" });
  });

  test("after days without service it is still looked for around its own time", async () => {
    const windows: { from: Date; to: Date }[] = [];
    const late = createCallFinder({
      callDetails: async () => known(1),
      callHistory: async ({ from, to }) => {
        windows.push({ from, to });
        return { pages: 1, rows: [known(1)] };
      },
    });
    expect(await late.byUuid(ended(1), later(5 * 86_400_000))).toMatchObject({ callId: "1" });
    expect(windows[0]?.from.getTime()).toBeLessThan(now.getTime() - 86_400_000);
    expect(windows[0]?.to.getTime()).toBeLessThan(now.getTime() + 2 * 86_400_000);
  });

  test("a company with too many calls for a few pages is asked by number", async () => {
    calls = [known(1)];
    pages = 9;
    expect(await finder.byUuid(ended(1), now)).toMatchObject({ callId: "1" });
    expect(asked).toEqual(["history 1", `history of ${ada}`, "details 1"]);
  });

  test("with two pages both are read", async () => {
    calls = [known(1)];
    pages = 2;
    expect(await finder.byUuid(ended(1), now)).toMatchObject({ callId: "1" });
    expect(asked).toEqual(["history 1", "history 2", "details 1"]);
  });

  test("an outage is not remembered", async () => {
    let isDown = true;
    const shaky = createCallFinder({
      callDetails: async () => known(1),
      callHistory: async () => {
        if (isDown) throw new Error("503");
        return { pages: 1, rows: [known(1)] };
      },
    });
    await expect(shaky.byUuid(ended(1), now)).rejects.toThrow("503");
    isDown = false;
    expect(await shaky.byUuid(ended(1), later(1))).toMatchObject({ callId: "1" });
  });
});

describe("a call with its numeric id", () => {
  const id = "1" as CloudTalkCallId;

  test("several reports of it share one question, and what is final is not asked again", async () => {
    calls = [known(1)];
    const answers = await Promise.all([finder.byId(id), finder.byId(id)]);
    expect([...answers, await finder.byId(id)]).toEqual([known(1), known(1), known(1)]);
    expect(asked).toEqual(["details 1"]);
  });

  test("what is not known yet, or does not tell the outcome, is asked again", async () => {
    expect(await finder.byId(id)).toBeUndefined();
    calls = [known(1, { outcome: "unknown" })];
    await finder.byId(id);
    calls = [known(1)];
    expect(await finder.byId(id)).toMatchObject({ outcome: "answered" });
    expect(asked).toHaveLength(3);
  });
});
