import type { HistoryRow } from "@callbridge/cloudtalk";
import { catalogue, foldCall, type LogEvent } from "@callbridge/events";
import { Permanent } from "@callbridge/service";
import { given } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { reconcileHandler, sweepsOf, whyNotWritten } from "./reconcile.ts";

const now = new Date("2026-11-22T12:00:00.000Z");
const row = (callId: string, endedAt: string | undefined): HistoryRow =>
  ({ ...catalogue["call.ended"].data.parse({ callId, endedAt }), callId, externalPhone: "+12025550143" }) as HistoryRow;

/** The account's request on the day of the tests, and what the log holds of each call. */
function world(
  rows: HistoryRow[] | (() => Promise<never>),
  calls: Record<string, LogEvent[]>,
  asked?: { from: string; to: string; dryRun: boolean },
  since = now.toISOString(),
) {
  const questions: unknown[] = [];
  const handler = reconcileHandler({
    cloudtalk: {
      callHistory: async (question) => {
        questions.push(question);
        return { rows: typeof rows === "function" ? await rows() : rows, pages: 1 };
      },
    },
    log: {
      knownStreams: async (_account, streams, types) =>
        new Set(streams.filter((name) => calls[name]?.some(({ type }) => types.includes(type)))),
      stream: async (_account, name) => ({ events: calls[name] ?? [], position: 0 }),
    },
    contactsIn: async () => [],
    sweepEveryMs: 900_000,
    sweepWindowMs: 6 * 3_600_000,
    sweepGraceMs: 600_000,
  });
  const fact = sweepsOf("default");
  const event = {
    ...fact,
    key: asked ? "reconcile:asked:1" : "reconcile:sweeps",
    account: "default",
    recordedAt: since,
    data: asked ?? fact.data,
  } as unknown as LogEvent;
  const context = {
    now,
    signal: new AbortController().signal,
    hash: (text: string) => text,
    once: <T>(_name: string, read: () => Promise<T>) => read(),
  };
  return {
    run: (done: string[] = [], at = now) =>
      Promise.resolve(handler.decide(event, new Set(done), { ...context, now: at })),
    questions,
  };
}

const written = given(
  "call.ended",
  "call.identified",
  "call.matched",
  "effect.intended",
  "effect.attempted",
  "effect.observed",
);
const yesterday = "reconcile:2026-11-21T00:00:00.000Z:2026-11-22T00:00:00.000Z";
const today = { from: "2026-11-22T00:00:00.000Z", to: "2026-11-22T12:00:00.000Z" };

describe("a sweep", () => {
  test("reports what the log does not know, under its own id, and nothing else", async () => {
    const { run } = world([row("1", "2026-11-22T11:00:00.000Z"), row("2", "2026-11-22T11:00:00.000Z")], {
      "call:n:1": written,
    });
    const { append, wake } = await run([yesterday]);
    expect(append).toMatchObject([{ type: "call.recovered", stream: "call:n:2", key: { fact: "call:n:2/recovered" } }]);
    expect(wake).toEqual([{ key: "reconcile:sweeps", at: new Date("2026-11-22T12:15:00.000Z") }]);
  });

  test("reports a call of which only a tag or a note came", async () => {
    const { run } = world([row("1", "2026-11-22T11:00:00.000Z")], {
      "call:n:1": given(["call.tagged", { callId: "1", tag: "vip" }], ["call.noted", { callId: "1" }]),
    });
    expect((await run([yesterday])).append).toMatchObject([{ type: "call.recovered", stream: "call:n:1" }]);
  });

  test("leaves young calls to their webhooks, and calls that still run or are long past alone", async () => {
    const ends = ["2026-11-22T11:55:00.000Z", undefined, "2026-11-22T05:00:00.000Z"];
    const { run } = world(
      ends.map((end, index) => row(String(index), end)),
      {},
    );
    expect((await run([yesterday])).append).toEqual([]);
  });

  test("certifies each past day once", async () => {
    const { run } = world([row("1", "2026-11-21T11:00:00.000Z")], { "call:n:1": written });
    const [certificate] = (await run()).append ?? [];
    expect(certificate).toMatchObject({
      type: "reconcile.certified",
      key: { fact: yesterday },
      data: { cloudtalk: 1, log: 1, crm: 1, reasons: {} },
    });
    expect((await run([yesterday])).append).toEqual([]);
  });
});

describe("given sweeps that began days ago", () => {
  const since = "2026-11-18T09:00:00.000Z";

  test("when nothing ran for three days, the oldest of them is recovered and certified first", async () => {
    const { run } = world([row("1", "2026-11-19T11:00:00.000Z")], {}, undefined, since);
    const days = ["18", "19", "20", "21"].map(
      (day) => `reconcile:2026-11-${day}T00:00:00.000Z:2026-11-${Number(day) + 1}T00:00:00.000Z`,
    );
    const [before, lost, next] = days;
    expect((await run()).append).toMatchObject([{ type: "reconcile.certified", key: { fact: before } }]);
    expect((await run([before ?? ""])).append).toMatchObject([{ type: "call.recovered", stream: "call:n:1" }]);
    expect((await run([before ?? "", lost ?? ""])).append).toMatchObject([{ key: { fact: next } }]);
    expect((await run(days)).append).toEqual([]);
  });

  test("when the vendor refuses to answer, the next sweep comes all the same", async () => {
    const refuse = () => Promise.reject(new Permanent("calls.history: 403"));
    const { run } = world(refuse, {});
    await expect(run()).rejects.toMatchObject({ name: "RetryLater", afterMs: 900_000, message: "calls.history: 403" });
  });
});

describe("a window that somebody asked for", () => {
  const rows = ["1", "2", "3"].map((id) => row(id, "2026-11-22T11:00:00.000Z"));
  const unmatched = given("call.ended", "call.identified", "call.unmatched");
  const underWay = given("call.ended");

  test("is certified only when what was recovered had its time", async () => {
    const all = { "call:n:1": written, "call:n:2": unmatched, "call:n:3": underWay };
    const { run } = world(rows, all, { ...today, dryRun: false });
    expect(await run()).toEqual({ wake: [{ key: "reconcile:asked:1", at: new Date("2026-11-22T12:00:15.000Z") }] });
    const [certificate] = (await run([], new Date("2026-11-22T12:31:00.000Z"))).append ?? [];
    expect(certificate?.data).toMatchObject({
      ...{ cloudtalk: 3, log: 3, crm: 1, recovered: 0 },
      reasons: { "nobody to note it on: unknown-caller": 1, "on its way": 1 },
      examples: [{ callId: "2" }, { callId: "3" }],
    });
  });

  test("dry: certifies at once and recovers nothing", async () => {
    const { run } = world(rows, { "call:n:1": written }, { ...today, dryRun: true });
    const { append, wake } = await run();
    expect(append).toMatchObject([
      { type: "reconcile.certified", data: { cloudtalk: 3, log: 1, crm: 1, reasons: { "not in the log": 2 } } },
    ]);
    expect(wake).toBeUndefined();
  });
});

test.each([
  ["a write that the vendor refused", ["call.matched", "effect.intended", "effect.failed"], "the note ended as failed"],
  [
    "a write of which nobody knows the end",
    ["call.matched", "effect.intended", "effect.unknown"],
    "the note ended as unknown",
  ],
  ["a call that nobody could match", ["call.unmatched"], "nobody to note it on: unknown-caller"],
  ["a call under way", ["call.matched", "effect.intended"], "on its way"],
] as const)("names the reason for %s", (_name, history, because) => {
  expect(whyNotWritten(foldCall(given("call.ended", ...history)))).toBe(because);
});
