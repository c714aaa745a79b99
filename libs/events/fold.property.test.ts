import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldCall } from "./call.ts";
import type { EventType } from "./catalogue.ts";
import { type Effect, evolveEffects } from "./effect.ts";
import type { LogEvent } from "./event.ts";

/** The event as the log gives it back; `position` and `recordedAt` follow the order of arrival. */
function recorded<T extends EventType>(type: T, data: object, personal: object, position: number): LogEvent {
  const about = {
    id: `e${position}`,
    account: "a",
    stream: "call:u:1",
    key: `k${position}`,
    version: 1,
    source: "test",
  };
  const time = new Date(1_700_000_000_000 + position * 1_000).toISOString();
  const cause = { correlationId: "c", causationId: undefined, traceparent: undefined };
  return {
    ...about,
    ...cause,
    type,
    position,
    time,
    recordedAt: time,
    data,
    personal,
    erased: false,
  } as unknown as LogEvent;
}

type Fact = [EventType, object, object];
const facts: Fact[] = [
  ["call.started", { callUuid: "u", direction: "inbound", startedAt: "2026-11-22T10:00:00Z" }, { externalPhone: "+1" }],
  ["call.answered", { callUuid: "u", agentId: "7" }, { agentName: "Ann" }],
  ["call.ended", { callUuid: "u", callId: "1", talkingSeconds: 61, endedAt: "2026-11-22T10:01:01Z" }, {}],
  ["call.recording_ready", { callId: "1" }, { recordingUrl: "https://x" }],
  ["call.identified", { callId: "1", callUuid: "u", outcome: "answered", because: "reports" }, {}],
  ["call.matched", { ghlContactId: "g", because: "phone" }, {}],
  ["recording.stored", { ref: "r", sha256: "0", bytes: 1, mediaType: "audio/mpeg" }, {}],
  ["call.transcribed", { ref: "t", outcome: "speech", segments: 1, words: 2, model: "m" }, {}],
  ["call.analysed", { ref: "a", callType: "x", outcome: "y", sentiment: "neutral" }, { summary: "s" }],
];
const inOrder = (order: Fact[]) =>
  order.map(([type, data, personal], index) => recorded(type, data, personal, index + 1));
const shuffled = fc.shuffledSubarray(facts, { minLength: facts.length });

describe("a call", () => {
  test("is the same whatever the order of its facts", () => {
    const { effects: _, ...expected } = foldCall(inOrder(facts));
    const timeless = { firstAt: undefined, overAt: undefined };
    fc.assert(
      fc.property(shuffled, (order) => {
        const { effects: __, ...call } = foldCall(inOrder(order));
        expect({ ...call, ...timeless }).toEqual({ ...expected, ...timeless });
      }),
    );
    expect(expected).toMatchObject({
      callId: "1",
      callUuid: "u",
      ended: true,
      identified: "reports",
      outcome: "answered",
      talkingSeconds: 61,
      recordingAnnounced: true,
      analysis: { summary: "s" },
    });
  });

  test("is the same when its facts are told again", () => {
    fc.assert(
      fc.property(shuffled, shuffled, (order, again) => {
        const { position: _, ...once } = foldCall(inOrder(order));
        const { position: __, ...twice } = foldCall(inOrder([...order, ...again]));
        expect(twice).toEqual(once);
      }),
    );
  });

  test("knows when it was first heard of and first known to be over, by our clock", () => {
    const events = inOrder(facts);
    expect(foldCall(events)).toMatchObject({ firstAt: events[0]?.recordedAt, overAt: events[2]?.recordedAt });
    expect(foldCall(events.slice(0, 2)).overAt).toBeUndefined();
  });

  test("keeps what is known when a later report leaves it out, and 0 is not unknown", () => {
    const call = foldCall(
      inOrder([
        ["call.ended", { callUuid: "u", talkingSeconds: 0 }, { externalPhone: "+1" }],
        ["call.modified", { callUuid: "u", talkingSeconds: undefined }, {}],
      ]),
    );
    expect(call).toMatchObject({ talkingSeconds: 0, externalPhone: "+1" });
    expect(foldCall([]).talkingSeconds).toBeUndefined();
  });

  test("is erased once one of its facts is", () => {
    const [first, second] = inOrder(facts);
    expect(foldCall([{ ...first, erased: true } as LogEvent, second as LogEvent]).erased).toBe(true);
  });
});

describe("an effect", () => {
  const ref = { effect: "n1", kind: "ghl.note" as const, target: "t" };
  type Step = [`effect.${string}` & EventType, object];
  const steps = {
    intended: ["effect.intended", { ...ref, revision: 1 }],
    attempted: (attempt: number) => ["effect.attempted", { ...ref, attempt, host: "h" }],
    refusedFor: (attempt: number) => ["effect.failed", { ...ref, attempt, final: false, because: "b" }],
    failed: (attempt: number) => ["effect.failed", { ...ref, attempt, final: true, because: "b" }],
    observed: (attempt: number) => ["effect.observed", { ...ref, attempt, how: "answer", vendorId: "v", digest: "d" }],
    skipped: ["effect.skipped", { ...ref, because: "b" }],
  } satisfies Record<string, unknown>;
  const fold = (...told: unknown[]) =>
    (told as Step[])
      .map(([type, data], index) =>
        recorded(type, data, type === "effect.intended" ? { input: { a: 1 } } : {}, index + 1),
      )
      .reduce(evolveEffects, new Map<string, Effect>())
      .get("n1");
  const { intended, attempted, refusedFor, failed, observed, skipped } = steps;

  test("is open from an attempt until its end is known", () => {
    expect(fold(intended)).toMatchObject({ attempts: 0, openSince: undefined, end: undefined, input: { a: 1 } });
    expect(fold(intended, attempted(1))?.openSince).toBeDefined();
    expect(fold(intended, attempted(1), refusedFor(1))).toMatchObject({
      attempts: 1,
      refused: 1,
      openSince: undefined,
    });
    expect(fold(intended, attempted(1), observed(1))).toMatchObject({ end: "observed", vendorId: "v", digest: "d" });
    expect(fold(intended, attempted(1), failed(1))?.end).toBe("failed");
    expect(fold(intended, skipped)?.end).toBe("skipped");
  });

  test("that has an end keeps it, whatever a process believed dead still says", () => {
    const done = fold(intended, attempted(1), attempted(2), observed(2));
    expect(fold(intended, attempted(1), attempted(2), observed(2), refusedFor(1))).toEqual(done);
  });

  test("stays in doubt when a late word on an earlier attempt comes", () => {
    const late = fold(intended, attempted(1), attempted(2), refusedFor(1));
    expect(late?.openSince).toBeDefined();
    expect(late).toMatchObject({ attempts: 2, refused: 1 });
  });

  test("without an intent is nothing, and other events change nothing", () => {
    expect(fold(attempted(1), observed(1))).toBeUndefined();
    const before = new Map();
    expect(evolveEffects(before, inOrder(facts)[0] as LogEvent)).toBe(before);
  });

  test("never leaves an end, over any sequence of steps", () => {
    const step = fc.oneof(
      fc.constant(skipped),
      ...[attempted, refusedFor, failed, observed].map((make) => fc.integer({ min: 1, max: 3 }).map((n) => make(n))),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (told) => {
        let end: string | undefined;
        for (let upTo = 0; upTo <= told.length; upTo++) {
          const effect = fold(intended, ...told.slice(0, upTo));
          if (end !== undefined) expect(effect?.end).toBe(end);
          end = effect?.end;
          if (end !== undefined) expect(effect?.openSince).toBeUndefined();
        }
      }),
    );
  });
});
