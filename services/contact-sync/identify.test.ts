import type { CallDetails, HistoryRow } from "@callbridge/cloudtalk";
import type { CloudTalkCallId, CloudTalkCallUuid, LogEvent } from "@callbridge/events";
import { Permanent } from "@callbridge/service";
import { given, when } from "@callbridge/testing";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { createCallFinder } from "./call-finder.ts";
import { identifyHandler } from "./identify.ts";

const ada = "+393000000001";
const otherWebhookMs = 20_000;
/** Most of these tests are about what is told, not about when the vendor knows it. */
const detailsAfterMs = 0;
const identifyDeadlineMs = 600_000;

/** What CloudTalk knows, and what it was asked. */
let details: CallDetails[];
let asked: string[];
beforeEach(() => {
  details = [];
  asked = [];
});

const callDetails = async (callId: string) => {
  asked.push(`details ${callId}`);
  return details.find((one) => one.callId === callId);
};
const callHistory = async () => {
  asked.push("history");
  // The history tells everything but the uuid and the outcome.
  const rows = details.map(({ outcome: _, callUuid: __, ...row }): HistoryRow => row);
  return { rows, pages: 1 };
};
const call = (callId: string, callUuid: string, facts: Partial<CallDetails> = {}): CallDetails => ({
  callId: callId as CloudTalkCallId,
  callUuid: callUuid as CloudTalkCallUuid,
  outcome: "answered",
  direction: "inbound",
  startedAt: "2026-11-22T10:00:00.000Z",
  externalPhone: ada,
  ...facts,
});

const identify = (history: LogEvent[], options: Parameters<typeof when>[2] = {}) => {
  const cloudtalk = { callDetails, callHistory };
  const finder = createCallFinder(cloudtalk);
  return when(identifyHandler({ finder, identifyDeadlineMs, otherWebhookMs, detailsAfterMs }), history, options);
};

const everything = { callId: "1001", direction: "inbound", talkingSeconds: 90, voicemail: false };

describe("given a report that says everything", () => {
  test("it is believed without asking the vendor", async () => {
    const { append, wakeAfterMs } = await identify(given(["call.ended", everything]));
    expect(append).toEqual([
      {
        type: "call.identified",
        stream: "call:u:uuid-1",
        key: { fact: "call:u:uuid-1/identified" },
        data: { callId: "1001", callUuid: "uuid-1", direction: "inbound", outcome: "answered", because: "reports" },
        personal: {},
      },
    ]);
    expect(wakeAfterMs).toBeUndefined();
    expect(asked).toEqual([]);
  });

  test.each([
    ["a call that nobody took is missed", { talkingSeconds: 0 }, "missed"],
    ["a message that was left is a voicemail", { talkingSeconds: 0, voicemail: true }, "voicemail"],
    [
      "a voicemail stays one when the talking time is not told",
      { talkingSeconds: undefined, voicemail: true },
      "voicemail",
    ],
    ["an answer needs no talking time", { talkingSeconds: undefined, answeredAt: "2026-11-22T10:00:04Z" }, "answered"],
    ["a withheld caller is nobody", { externalPhone: undefined, withheld: true }, "answered"],
    ["an internal call needs no number", { externalPhone: undefined, direction: "internal" }, "answered"],
  ])("%s", async (_, facts, outcome) => {
    const { append } = await identify(given(["call.ended", { ...everything, ...facts }]));
    expect(append[0]?.data).toMatchObject({ outcome, because: "reports" });
    expect(asked).toEqual([]);
  });

  test.each([
    ["the talking time is absent, which is not zero", { talkingSeconds: undefined }],
    ["nobody talked and nobody says whether a message was left", { talkingSeconds: 0, voicemail: undefined }],
    ["it contradicts itself", { talkingSeconds: 0, answeredAt: "2026-11-22T10:00:04Z" }],
    ["it does not say in which direction", { direction: undefined }],
    ["it does not say who", { externalPhone: undefined }],
    ["the number is none", { externalPhone: undefined, invalidPhone: "12" }],
  ])("but when %s, the vendor is asked", async (_, facts) => {
    details = [call("1001", "uuid-1", { outcome: "voicemail" })];
    const { append } = await identify(given(["call.ended", { ...everything, ...facts }]));
    expect(append[0]?.data).toMatchObject({ outcome: "voicemail", because: "call-details" });
    expect(asked).toEqual(["details 1001"]);
  });

  test("a call that nobody took is missed when the vendor does not say in time that a message was left", async () => {
    const history = given(["call.ended", { ...everything, talkingSeconds: 0, voicemail: undefined }]);
    expect(await identify(history)).toMatchObject({ append: [], wakeAfterMs: 2_000 });
    const missed = await identify(history, { afterMs: otherWebhookMs });
    expect(missed.append[0]?.data).toMatchObject({ outcome: "missed", because: "reports" });
  });

  test("a call that nobody took and that was recorded all the same is left to the vendor", async () => {
    const ended = { ...everything, talkingSeconds: 0, voicemail: undefined };
    const history = given(["call.ended", ended], ["call.recording_ready", {}, { stream: "call:u:uuid-1" }]);
    expect(await identify(history, { afterMs: otherWebhookMs })).toMatchObject({ append: [] });
  });

  test("of a call that only rang or is being talked, nothing is decided: only the end of a call is of use to anybody", () => {
    const cloudtalk = { callDetails: async () => undefined, callHistory };
    const deps = { finder: createCallFinder(cloudtalk), identifyDeadlineMs, otherWebhookMs, detailsAfterMs };
    expect(identifyHandler(deps).on).toEqual(expect.arrayContaining(["call.ended", "call.recording_ready"]));
    expect(identifyHandler(deps).on.filter((type) => type === "call.started" || type === "call.answered")).toEqual([]);
  });

  test("nothing is done when the call is identified already, or erased", async () => {
    const nothing = { append: [], intend: [], wakeAfterMs: undefined };
    expect(await identify(given("call.identified", ["call.ended", everything]))).toEqual(nothing);
    expect(await identify(given(["call.ended", everything, { erased: true }], "call.recording_ready"))).toEqual(
      nothing,
    );
    expect(asked).toEqual([]);
  });
});

describe("given the numeric id only", () => {
  test("the details tell the rest, personal data apart", async () => {
    details = [call("1001", "uuid-1", { agentName: "Sarah Agent", cloudtalkContactId: undefined, recorded: true })];
    const { append } = await identify(given("call.recording_ready"));
    expect(append).toEqual([
      {
        type: "call.identified",
        stream: "call:n:1001",
        key: { fact: "call:n:1001/identified" },
        data: {
          ...{ callId: "1001", callUuid: "uuid-1", direction: "inbound", outcome: "answered", because: "call-details" },
          startedAt: "2026-11-22T10:00:00.000Z",
        },
        personal: { externalPhone: ada, agentName: "Sarah Agent" },
      },
    ]);
  });

  test("the reports know what the details do not say", async () => {
    details = [call("1001", "uuid-1", { outcome: "missed" }), call("1002", "uuid-2", { outcome: "unknown" })];
    const voicemail = await identify(given(["call.ended", { callId: "1001", callUuid: undefined, voicemail: true }]));
    expect(voicemail.append[0]?.data).toMatchObject({ outcome: "voicemail" });
    const talked = await identify(given(["call.ended", { callId: "1002", callUuid: undefined, talkingSeconds: 5 }]));
    expect(talked.append[0]?.data).toMatchObject({ outcome: "answered" });
  });

  test("details that do not tell the outcome yet are looked at again, and taken at the deadline", async () => {
    const history = given(["call.ended", { callId: "1002", callUuid: undefined }]);
    details = [call("1002", "uuid-2", { outcome: "unknown" })];
    expect(await identify(history)).toMatchObject({ append: [], wakeAfterMs: 2_000 });
    const taken = { callUuid: "uuid-2", outcome: "unknown", because: "deadline" };
    expect((await identify(history, { afterMs: identifyDeadlineMs })).append).toMatchObject([{ data: taken }]);
    details = [call("1002", "uuid-2", { outcome: "missed" })];
    const told = { outcome: "missed", because: "call-details" };
    expect((await identify(history, { afterMs: 5_000 })).append).toMatchObject([{ data: told }]);
  });

  test("while the details are not there, it looks again at growing intervals until the deadline", async () => {
    const history = given("call.recording_ready");
    const waits: number[] = [];
    let afterMs = 0;
    let result = await identify(history, { afterMs });
    while (result.wakeAfterMs !== undefined) {
      waits.push(result.wakeAfterMs);
      afterMs += result.wakeAfterMs;
      result = await identify(history, { afterMs });
    }
    expect(waits.slice(0, 7)).toEqual([2_000, 3_000, 5_000, 10_000, 20_000, 40_000, 80_000]);
    expect(afterMs).toBe(identifyDeadlineMs);
    expect(asked.length).toBeLessThan(15);
    expect(result.append[0]?.data).toMatchObject({ callId: "1001", outcome: "unknown", because: "deadline" });
  });

  test("are asked only when they can be there, which saves an operation on every call", async () => {
    let asked = 0;
    const cloudtalk = {
      callDetails: async () => {
        asked += 1;
        return call("1001", "uuid-1");
      },
      callHistory,
    };
    const finder = createCallFinder(cloudtalk);
    const handler = identifyHandler({ finder, identifyDeadlineMs, otherWebhookMs, detailsAfterMs: 2_000 });
    const history = given("call.recording_ready");
    expect([(await when(handler, history)).wakeAfterMs, asked]).toEqual([2_000, 0]);
    const { append } = await when(handler, history, { afterMs: 2_000 });
    expect([append[0]?.type, asked]).toEqual(["call.identified", 1]);
  });

  test("an outage of the vendor is no reason to guess, not even after the deadline", async () => {
    const cloudtalk = { callDetails: () => Promise.reject(new Error("503")), callHistory };
    const deps = { finder: createCallFinder(cloudtalk), identifyDeadlineMs, otherWebhookMs, detailsAfterMs };
    await expect(
      when(identifyHandler(deps), given("call.recording_ready"), { afterMs: identifyDeadlineMs }),
    ).rejects.toThrow("503");
  });

  test("a vendor that refuses to tell ends nothing: at the deadline the reports are taken", async () => {
    const refuse = () => Promise.reject(new Permanent("calls.details: 403"));
    const cloudtalk = { callDetails: refuse, callHistory: refuse };
    const deps = { finder: createCallFinder(cloudtalk), identifyDeadlineMs, otherWebhookMs, detailsAfterMs };
    for (const report of ["call.recording_ready", "call.ended"] as const) {
      const early = await when(identifyHandler(deps), given(report), { afterMs: otherWebhookMs });
      expect(early).toMatchObject({ append: [], wakeAfterMs: 20_000 });
      const last = await when(identifyHandler(deps), given(report), { afterMs: identifyDeadlineMs });
      expect(last.append[0]?.data).toMatchObject({ because: "deadline" });
    }
  });

  test("details that name another uuid than the webhooks join nothing", async () => {
    details = [call("1001", "uuid-of-somebody-else")];
    const history = given(["call.ended", { callId: "1001" }]);
    expect(await identify(history)).toMatchObject({ append: [], wakeAfterMs: 2_000 });
    const late = await identify(history, { afterMs: identifyDeadlineMs });
    expect(late.append[0]?.data).toMatchObject({ callUuid: "uuid-1", because: "deadline" });
  });
});

describe("given the uuid only", () => {
  const ended = given("call.ended");

  test("it waits for the other webhook, then looks the call up in the history and believes the details' uuid", async () => {
    details = [call("1001", "uuid-1")];
    expect(await identify(ended)).toMatchObject({ append: [], wakeAfterMs: otherWebhookMs });
    expect(asked).toEqual([]);
    const { append } = await identify(ended, { afterMs: otherWebhookMs });
    expect(append[0]?.data).toMatchObject({ callId: "1001", callUuid: "uuid-1", because: "call-details" });
    expect(asked).toEqual(["history", "details 1001"]);
  });

  test("the same number at the same time with another uuid is another call", async () => {
    details = [call("1009", "uuid-9")];
    const looked = await identify(ended, { afterMs: otherWebhookMs });
    expect(looked).toMatchObject({ append: [], wakeAfterMs: 20_000 });
    const late = await identify(ended, { afterMs: identifyDeadlineMs });
    expect(late.append[0]?.data).toEqual({
      ...{ callId: undefined, callUuid: "uuid-1", direction: undefined },
      ...{ outcome: "unknown", because: "deadline" },
    });
  });

  test("after the deadline it is taken for what the reports say", async () => {
    const history = given(["call.ended", { talkingSeconds: 0, direction: "outbound" }]);
    const { append } = await identify(history, { afterMs: identifyDeadlineMs });
    expect(append[0]?.data).toMatchObject({ outcome: "missed", direction: "outbound", because: "deadline" });
  });
});

describe("given a call that was taken as it was", () => {
  const asItWas = ["call.identified", { outcome: "unknown", because: "deadline", externalPhone: undefined }] as const;
  const late = { stream: "call:n:1001", afterMs: 60_000 };

  test("a report that comes after all says what it was, once", async () => {
    const history = given("call.recording_ready", [...asItWas], ["call.ended", everything, late]);
    const { append } = await identify(history);
    expect(append).toMatchObject([
      { key: { fact: "call:n:1001/identified:late" }, data: { outcome: "answered", because: "reports" } },
    ]);
    expect(
      await identify(
        given("call.recording_ready", [...asItWas], ["call.identified"], ["call.ended", everything, late]),
      ),
    ).toMatchObject({ append: [], wakeAfterMs: undefined });
  });

  test("a report that says nothing new leaves it so", async () => {
    const history = given("call.recording_ready", [...asItWas], ["call.transcript_ready", {}, late]);
    expect(await identify(history)).toMatchObject({ append: [], wakeAfterMs: undefined });
  });
});

describe("given a report without any id", () => {
  const report = given(["call.ended", { callUuid: undefined, talkingSeconds: 0 }]);

  test("the calls that it may mean are reported under their own ids, and it joins none of them", async () => {
    details = [
      call("1001", "uuid-1"),
      call("1002", "uuid-2"),
      call("1003", "uuid-3", { externalPhone: "+12025550143" }),
    ];
    const { append, wakeAfterMs } = await identify(report);
    expect(append.map(({ type, stream }) => [type, stream])).toEqual([
      ["call.recovered", "call:n:1001"],
      ["call.recovered", "call:n:1002"],
    ]);
    expect(append[0]).toMatchObject({ data: { callUuid: "uuid-1" }, personal: { externalPhone: ada } });
    expect(append[0]?.data).not.toHaveProperty("outcome");
    expect(wakeAfterMs).toBe(otherWebhookMs);
  });

  test("an earlier call of the number does not end the search for the one that is not in the history yet", async () => {
    details = [call("1001", "uuid-1", { startedAt: "2026-11-22T09:00:00.000Z" })];
    const first = await identify(report);
    expect(first.append.map(({ stream }) => stream)).toEqual(["call:n:1001"]);
    details.push(call("1002", "uuid-2"));
    const second = await identify(report, { afterMs: first.wakeAfterMs ?? 0 });
    expect(second.append.map(({ stream }) => stream)).toEqual(["call:n:1002", "call:n:1001"]);
  });

  test("it is closed with the last look", async () => {
    details = [call("1001", "uuid-1")];
    const { append, wakeAfterMs } = await identify(report, { afterMs: identifyDeadlineMs });
    expect(append.map(({ type, stream }) => [type, stream])).toEqual([
      ["call.recovered", "call:n:1001"],
      ["call.identified", "call:x:report-1"],
    ]);
    expect(append[1]?.data).toMatchObject({ callId: undefined, callUuid: undefined, outcome: "missed" });
    expect(wakeAfterMs).toBeUndefined();
  });

  test("yesterday's call of the number is not what it means", async () => {
    details = [call("1001", "uuid-1", { startedAt: "2026-11-21T12:00:00.000Z" })];
    expect((await identify(report)).append).toEqual([]);
  });
});

test("given an end by uuid and a recording by id, in any order and with a late look, one call has both ids", async () => {
  details = [call("1001", "uuid-1")];
  const parts = ["call.started", "call.ended", "call.recording_ready"] as const;
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...parts], { minLength: 3 }), async (order) => {
      const events = given(...order);
      // The ids of one body each: until they are joined the two streams know nothing of each other.
      const byUuid = events.filter(({ stream }) => stream === "call:u:uuid-1");
      const byId = events.filter(({ stream }) => stream === "call:n:1001");
      const fromId = await identify(byId);
      expect(fromId.append[0]?.data).toMatchObject({ callId: "1001", callUuid: "uuid-1", outcome: "answered" });
      const end = byUuid.find(({ type }) => type === "call.ended");
      const fromUuid = await identify(byUuid, { event: end, afterMs: otherWebhookMs });
      expect(fromUuid.append[0]?.data).toMatchObject({ callId: "1001", callUuid: "uuid-1", outcome: "answered" });
      // Once joined, whoever looks second has nothing to do.
      const joined = [...events, ...given(["call.identified", {}, { stream: "call:n:1001" }])];
      expect((await identify(joined, { event: end, afterMs: otherWebhookMs })).append).toEqual([]);
    }),
  );
});
