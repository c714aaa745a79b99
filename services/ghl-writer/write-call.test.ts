import assert from "node:assert/strict";
import { foldCall, type Intent, type LogEvent } from "@callbridge/events";
import { decisionOn, given, historyAfter, type Told, when } from "@callbridge/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fieldValues } from "./fields.ts";
import { renderNote } from "./note.ts";
import { writeCallHandler } from "./write-call.ts";

const noteDelayMs = 180_000;
const recordingLink = (ref: string) => `https://calls.example/r/${ref}`;
const handler = writeCallHandler({ timeZone: "UTC", noteDelayMs, recordingLink, logCalls: true });
const contactId = "GhlContact0000000002";

const kinds = (intend: Intent[]) =>
  intend.map(({ kind, revision }) => (kind === "ghl.note" ? `note ${revision}` : kind));
const bodyOf = (intend: Intent[]) => intend.find(({ kind }) => kind === "ghl.note")?.input.body;
const nothing = { append: [], intend: [], wakeAfterMs: undefined };
const missed: Told = ["call.identified", { outcome: "missed", talkingSeconds: 0 }];
const analysed: Told[] = ["recording.stored", "call.transcribed", "call.analysed"];

describe("given a call with its contact", () => {
  test("a missed one waits for nothing", async () => {
    const { intend, wakeAfterMs } = await when(handler, given("call.ended", missed, "call.matched"));
    expect(kinds(intend)).toEqual(["note 1", "ghl.call_log", "ghl.fields"]);
    expect(wakeAfterMs).toBeUndefined();
  });

  test("any other waits for its analysis, since it was known to be over", async () => {
    const history = given("call.ended", "call.identified", "call.matched");
    expect(await when(handler, history)).toEqual({ ...nothing, wakeAfterMs: noteDelayMs - 2_000 });
    const withAnalysis = await when(handler, given("call.ended", "call.identified", "call.matched", ...analysed));
    expect(kinds(withAnalysis.intend)).toEqual(["note 1", "ghl.call_log", "ghl.fields"]);
    expect(bodyOf(withAnalysis.intend)).toContain("A technician comes on Monday.");
  });

  test("without an analysis by then it is written as it is, and once more when it is complete", async () => {
    let history = given("call.ended", "call.identified", "call.matched");
    const matched = history.at(-1);
    assert(matched);
    const first = await when(handler, history, { afterMs: noteDelayMs });
    expect(kinds(first.intend)).toEqual(["note 1", "ghl.call_log", "ghl.fields"]);
    history = historyAfter(history, matched, first, new Date(Date.parse(matched.recordedAt) + noteDelayMs));

    history = [...history, ...after(history, "recording.stored")];
    expect(await when(handler, history)).toEqual(nothing);
    history = [...history, ...after(history, "call.transcribed", "call.analysed")];
    const second = await when(handler, history);
    expect(kinds(second.intend)).toEqual(["note 2", "ghl.fields"]);
    expect(second.intend[0]?.target).toBe(first.intend[0]?.target);
  });

  test("what a contact refused that is gone is written to the contact that took its place, under new names", async () => {
    const history = given("call.ended", missed, "call.matched");
    const matched = history.at(-1);
    assert(matched);
    const first = await when(handler, history);
    const intended = historyAfter(history, matched, first, new Date(matched.recordedAt));
    const refusals = first.intend.map(
      ({ kind, effect, target }): Told => ["effect.failed", { kind, effect, target, status: 404 }],
    );
    const now = [...intended, ...after(intended, ...refusals, ["call.matched", { ghlContactId: "Kept" }])];
    const { intend } = await when(handler, now);
    expect(kinds(intend)).toEqual(["note 2", "ghl.call_log", "ghl.fields"]);
    expect(intend.map(({ input }) => input.contactId)).toEqual(["Kept", "Kept", "Kept"]);
    const names = new Set([...first.intend, ...intend].map(({ effect }) => effect));
    expect(names.size).toBe(6);
    expect(intend[0]?.target).toBe(first.intend[0]?.target);
  });

  test.each<[string, Told[]]>([
    ["no recording", ["recording.unavailable"]],
    ["a recording on which nobody speaks", ["recording.stored", ["call.transcribed", { outcome: "no-speech" }]]],
    ["a transcription that failed", ["recording.stored", "call.transcription_failed"]],
    ["an analysis that failed", ["recording.stored", "call.transcribed", "call.analysis_failed"]],
  ])("nothing is waited for after %s", async (_, facts) => {
    const { intend } = await when(handler, given("call.ended", "call.identified", "call.matched", ...facts));
    expect(kinds(intend)).toEqual(["note 1", "ghl.call_log", "ghl.fields"]);
  });

  test.each<[string, Told[]]>([
    ["not identified", ["call.matched"]],
    ["ringing or being talked, as far as anybody knows", ["call.started", "call.answered", "call.matched"]],
    ["without any id and so without a contact", [["call.identified", { callId: undefined, callUuid: undefined }]]],
    ["nobody's", [missed, "call.unmatched"]],
    ["erased", [missed, ["call.matched", {}, { erased: true }]]],
  ])("one that is %s is not written", async (_, history) => {
    expect(await when(handler, given(...history), { afterMs: noteDelayMs })).toEqual(nothing);
  });

  test("one that may or may not have been answered is noted, but not logged as either", async () => {
    const unknown: Told = ["call.identified", { outcome: "unknown", because: "deadline" }];
    const { intend } = await when(handler, given("call.ended", unknown, "call.matched"), { afterMs: noteDelayMs });
    expect(kinds(intend)).toEqual(["note 1", "ghl.fields"]);
    expect(bodyOf(intend)).toContain("not known whether it was answered");
  });

  test.each([{ direction: undefined }, { direction: "internal" }, { externalPhone: undefined }])(
    "the timeline takes no call with %s",
    async (facts) => {
      const history = given(["call.identified", { outcome: "missed", ...facts }], "call.matched");
      expect(kinds((await when(handler, history)).intend)).toEqual(["note 1", "ghl.fields"]);
    },
  );

  test("the timeline gets none where no way into it is configured", async () => {
    const noteOnly = writeCallHandler({ timeZone: "UTC", noteDelayMs, recordingLink, logCalls: false });
    expect(kinds((await when(noteOnly, given(missed, "call.matched"))).intend)).toEqual(["note 1", "ghl.fields"]);
  });

  test("the link stands in note, timeline and fields only where somebody could follow it", async () => {
    const history = given("call.identified", "call.matched", ...analysed);
    const links = async (link: typeof recordingLink | (() => undefined)) => {
      const { intend } = await when(
        writeCallHandler({ timeZone: "UTC", noteDelayMs, recordingLink: link, logCalls: true }),
        history,
      );
      return JSON.stringify(intend).match(/https:\/\/[^"\\]+/g) ?? [];
    };
    expect(await links(recordingLink)).toEqual(Array(3).fill("https://calls.example/r/recording/1"));
    expect(await links(() => undefined)).toEqual([]);
  });

  test("the writes keep their names when another id of the call becomes known", async () => {
    const byUuid = { callId: undefined, outcome: "unknown", because: "deadline" };
    let history = given(["call.ended", {}, { stream: "call:u:uuid-1" }], ["call.identified", byUuid], "call.matched");
    const matched = history.at(-1);
    assert(matched);
    const first = await when(handler, history, { afterMs: noteDelayMs });
    history = historyAfter(history, matched, first, new Date(Date.parse(matched.recordedAt) + noteDelayMs));
    // The stream of the numeric id is older than the one that was written from.
    const [older] = given("call.recording_ready");
    assert(older);
    history = [{ ...older, position: 0 }, ...history, ...after(history, "call.identified", ...analysed)];
    expect(foldCall(history).stream).toBe("call:n:1001");
    const second = await when(handler, history);
    expect(second.intend.map(({ effect }) => effect)).toEqual([
      "note:call:u:uuid-1:2",
      "call-log:call:u:uuid-1",
      "fields:call:u:uuid-1:2c",
    ]);
    expect(bodyOf(second.intend)).toContain("CloudTalk call 1001");
  });
});

describe("whatever the order of a call's facts and however long they take", () => {
  const answered: Told[] = ["call.ended", "call.recording_ready", "call.identified", "call.matched", ...analysed];
  const stories: Told[][] = [
    answered,
    ["call.ended", "call.identified", "call.matched", "recording.unavailable"],
    ["call.identified", "call.matched", "recording.stored", "call.transcription_failed"],
    ["call.identified", "call.matched", "recording.stored", "call.transcribed", "call.analysis_failed"],
    ["call.ended", "call.identified", "call.matched"],
    ["call.ended", missed, "call.matched"],
  ];
  const gaps = fc.array(fc.constantFrom(0, 1_000, 60_000, noteDelayMs, 3_600_000), { minLength: 7, maxLength: 7 });
  const told = fc
    .constantFrom(...stories)
    .chain((story) => fc.record({ order: fc.shuffledSubarray(story, { minLength: story.length }), gaps }));

  test("there is one note, revised at most once, one entry in the timeline, and fields that agree", async () => {
    await fc.assert(
      fc.asyncProperty(told, async ({ order, gaps }) => {
        const { log, intents } = await live(order, gaps);
        const of = (kind: Intent["kind"]) => intents.filter((intent) => intent.kind === kind);
        const call = foldCall(log);

        const notes = of("ghl.note");
        expect(notes.map(({ revision }) => revision)).toEqual(notes.length === 1 ? [1] : [1, 2]);
        expect(new Set(notes.map(({ target }) => target)).size).toBe(1);
        const link = call.recording && "ref" in call.recording ? recordingLink(call.recording.ref) : undefined;
        const isFinished = order.length > 3;
        if (isFinished)
          expect(notes.at(-1)?.input.body).toBe(renderNote(call, { timeZone: "UTC", recordingLink: link }));
        if (notes.length === 2) expect(notes[0]?.input.body).not.toBe(notes[1]?.input.body);
        // Nothing is written twice for facts that all came while it was waiting.
        if (Math.max(...gaps) <= 1_000) expect(notes).toHaveLength(1);

        expect(of("ghl.call_log")).toHaveLength(1);
        const fields = of("ghl.fields");
        expect(fields.length).toBeLessThanOrEqual(2);
        expect(fields.map(({ revision }) => revision)).toEqual(
          fields.map(({ revision }) => revision).sort((a, b) => a - b),
        );
        if (isFinished) expect(fields.at(-1)?.input.values).toEqual(fieldValues(call, link));
        for (const { input } of intents) expect(input.contactId).toBe(contactId);
      }),
      { numRuns: 400 },
    );
  });

  /** Lives through the facts as the runtime would: decides on each, adds what was decided, wakes up when it is time. */
  async function live(order: Told[], gaps: number[]) {
    let log: LogEvent[] = [];
    let wake: { at: number; event: LogEvent } | undefined;
    const timed = order.map((told, index): Told => {
      const [type, facts] = typeof told === "string" ? [told] : told;
      return [type, facts, { stream: "call:u:uuid-1", afterMs: gaps[index] ?? 0 }];
    });
    const intents: Intent[] = [];
    const decide = async (event: LogEvent, now: Date) => {
      const decision = await decisionOn(handler, log, event, now);
      intents.push(...(decision.intend ?? []));
      log = historyAfter(log, event, decision, now);
      const [next] = decision.wake ?? [];
      if (next) wake = { at: next.at.getTime(), event };
    };
    const wakeUntil = async (ms: number) => {
      while (wake && wake.at <= ms) {
        const { at, event } = wake;
        wake = undefined;
        await decide(event, new Date(at));
      }
    };
    for (const event of given(...timed)) {
      await wakeUntil(Date.parse(event.recordedAt));
      const placed = { ...event, position: (log.at(-1)?.position ?? 0) + 1 };
      log = [...log, placed];
      if (handler.on.includes(event.type)) await decide(placed, new Date(event.recordedAt));
    }
    await wakeUntil(Number.POSITIVE_INFINITY);
    return { log, intents };
  }
});

/** Further facts of the same call. */
function after(history: LogEvent[], ...told: Told[]): LogEvent[] {
  const [first, last] = [history[0], history.at(-1)];
  assert(first && last);
  return given(...told).map((event, index) => ({
    ...event,
    stream: first.stream,
    position: last.position + index + 1,
    recordedAt: new Date(Date.parse(last.recordedAt) + (index + 1) * 1_000).toISOString(),
  }));
}
