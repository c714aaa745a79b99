import { describe, expect, test } from "vitest";
import { type CallLogStrategy, callLogEffect } from "./call-log-effect.ts";
import { attempt, twinCrm } from "./twin-crm.ts";

const crm = twinCrm();
const line = "+12025550100";
const at = "2026-11-22T10:00:00.000Z";

function effectOf(strategy: CallLogStrategy) {
  const effect = callLogEffect(crm.ghl(), "crm.example", strategy);
  if (!effect) throw new Error("no effect");
  return effect;
}
const provider = () =>
  effectOf({ kind: "provider", conversationProviderId: crm.twin().credentials.conversationProviderId });
const call = (facts = {}) =>
  provider().input.parse({
    ...{ contactId: crm.ada().ghlContactId, direction: "inbound", outcome: "answered", at },
    ...{ externalPhone: crm.ada().phone, internalPhone: line, talkingSeconds: 192, ...facts },
  });
const messages = () => [...crm.state().messages.values()];

test("a location without a way into the timeline has notes only", () => {
  expect(callLogEffect(crm.ghl(), "crm.example", { kind: "note-only" })).toBeUndefined();
});

describe("through a conversation provider", () => {
  test("an inbound call comes from the contact, with its link", async () => {
    const done = await provider().perform(call({ recordingLink: "https://calls.example/r/1" }), attempt("call-log:1"));
    expect(done).toEqual({ vendorId: messages()[0]?.id });
    expect(messages()[0]).toMatchObject({
      ...{ direction: "inbound", from: crm.ada().phone, to: line, status: "completed" },
      ...{ contactId: crm.ada().ghlContactId, attachments: ["https://calls.example/r/1"] },
      dateAdded: new Date(at),
    });
  });

  test.each([
    ["missed", "no-answer"],
    ["voicemail", "voicemail"],
  ])("an outbound call goes to the contact, and %s is %s", async (outcome, status) => {
    await provider().perform(call({ direction: "outbound", outcome }), attempt("call-log:1"));
    expect(messages()).toMatchObject([{ direction: "outbound", from: line, to: crm.ada().phone, status }]);
  });

  test("after a lost answer the call is found under our name for it, and no other call is taken for it", async () => {
    await provider().perform(call(), attempt("call-log:other"));
    expect(await provider().readBack?.(call(), attempt("call-log:1"))).toBeUndefined();
    crm.twin().control.fault({ match: { operation: "messages.inbound" }, fault: "drop-after-apply" });
    await expect(provider().perform(call(), attempt("call-log:1"))).rejects.toMatchObject({ consequence: "ambiguous" });
    expect(await provider().readBack?.(call(), attempt("call-log:1"))).toEqual({ vendorId: messages()[1]?.id });
    expect(messages()).toHaveLength(2);
  });

  test("a success without a message is none", async () => {
    const wrong = effectOf({ kind: "provider", conversationProviderId: "wrong" });
    await expect(wrong.perform(call(), attempt("call-log:1"))).rejects.toMatchObject({ consequence: "ambiguous" });
    expect(messages()).toEqual([]);
  });
});

describe("through an inbound webhook", () => {
  test("a workflow gets the call, flat, and what is not known is not there", async () => {
    const effect = effectOf({ kind: "inbound-webhook", url: crm.twin().urls.callLog });
    expect(effect.host).toBe(new URL(crm.twin().url).host);
    expect(await effect.perform(call({ talkingSeconds: undefined }), attempt("call-log:1"))).toEqual({});
    expect(crm.state().callLogs.map(({ body }) => body)).toEqual([
      {
        ...{ event: "call_logged", reference: expect.stringMatching(/^[0-9a-f]{16}$/), date: at },
        ...{ contact_id: crm.ada().ghlContactId, phone: crm.ada().phone, direction: "inbound", status: "completed" },
        ...{ from: crm.ada().phone, to: line },
      },
    ]);
  });

  test("a lost answer cannot be read back, so it is never sent again", () => {
    expect(effectOf({ kind: "inbound-webhook", url: crm.twin().urls.callLog }).readBack).toBeUndefined();
  });
});
