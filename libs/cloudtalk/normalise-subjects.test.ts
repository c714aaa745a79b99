import { describe, expect, test } from "vitest";
import { eventsOf, hash, normalise, only, realEnded, uuid } from "./given.ts";

describe("agents", () => {
  test("a status and its repeat", () => {
    expect(
      only("agent-status-changed", { Agent_id: "400001", Status: "Online", agent_email: "ada@example.com" }),
    ).toMatchObject({
      ...{ type: "agent.status_changed", stream: "agent:400001", data: { agentId: "400001", status: "online" } },
      key: { mode: "state", entity: "agent:400001/status", content: "online" },
      personal: { agentEmail: "ada@example.com" },
    });
    expect(normalise("agent-status-changed", { agent_id: 5 }).verdict).toBe("parked");
  });
});

describe("tags", () => {
  const documented = { tag_name: "VIP", contact_id: "123", contact_name: "Grace", contact_phone: "+390600000002" };

  test("a contact's tag", () => {
    expect(only("new-tag", documented)).toMatchObject({
      ...{ type: "contact.tagged", stream: "contact:ct:123" },
      key: { mode: "state", entity: `contact:ct:123/tag:${hash("vip")}`, content: "tagged" },
      data: { cloudtalkContactId: "123", origin: "cloudtalk", tag: "VIP" },
      personal: { name: "Grace", phones: ["+390600000002"] },
    });
  });

  test("removed is another state of the same entity", () => {
    const event = only("new-tag", { ...documented, action: "removed", tag_name: "vip" });
    expect(event).toMatchObject({
      type: "contact.untagged",
      key: { ...only("new-tag", documented).key, content: "untagged" },
    });
  });

  test("a contact known by its number only", () => {
    const { contact_id: _, ...body } = documented;
    expect(only("new-tag", body).stream).toBe(`contact:phone:${hash("+390600000002")}`);
  });

  test("a list does not say which tag is new", () => {
    expect(only("new-tag", { contact_id: 123, tags: [{ name: "A" }, { name: "B" }] })).toMatchObject({
      ...{ type: "contact.tags_reported", data: { tags: ["A", "B"] }, key: { entity: "contact:ct:123/tags" } },
    });
  });

  test("with a call's id it is the call's, and every tag is kept once", () => {
    const first = only("new-tag", { ...documented, call_id: 9 });
    expect(first).toMatchObject({ type: "call.tagged", stream: "call:n:9", data: { tag: "VIP", callId: "9" } });
    const [again, other] = eventsOf("new-tag", { call_id: 9, tags: "vip,New" });
    expect(again?.key).toEqual(first.key);
    expect(other?.key).not.toEqual(first.key);
    expect(only("new-tag", { call_id: 9, tag: "VIP", action: "tag.removed" })).toMatchObject({
      ...{ type: "call.modified", key: { ...first.key, content: "untagged" } },
    });
  });

  test("a tag without anybody, and nothing about a tag, are parked with advice", () => {
    expect(normalise("new-tag", { tag_name: "VIP" })).toMatchObject({
      ...{ verdict: "parked", because: expect.stringContaining("contact_id") },
    });
    expect(normalise("new-tag", { foo: 1 }).verdict).toBe("parked");
  });

  test("a tag's body on call-ended is a tag, not an ended call", () => {
    expect(only("call-ended", documented).type).toBe("contact.tagged");
  });
});

describe("notes", () => {
  test("two notes of one call are two facts, the same one again is none", () => {
    const one = only("new-note", { call_uuid: uuid, note: "Interested", agent_name: "Ada" });
    expect(one).toMatchObject({
      type: "call.noted",
      stream: `call:u:${uuid}`,
      personal: { note: "Interested", author: "Ada" },
    });
    expect(JSON.stringify(one.data)).not.toContain("Interested");
    expect(only("new-note", { call_uuid: uuid, Note_Content: "Interested" }).key).toEqual(one.key);
    expect(only("new-note", { call_uuid: uuid, note: "Not any more" }).key).not.toEqual(one.key);
  });

  test("without a call it is the contact's", () => {
    expect(
      only("new-note", { contact_id: 5, note: { body: "Tom &amp; Ann", id: 8 }, action: "updated" }),
    ).toMatchObject({
      ...{ type: "note.added", stream: "contact:ct:5", data: { noteId: "8", change: "updated", origin: "cloudtalk" } },
      personal: { note: "Tom & Ann" },
    });
    expect(only("new-note", { contact_id: 5, note_id: 8, action: "deleted" })).toMatchObject({
      ...{ type: "note.added", data: { change: "deleted" } },
    });
  });

  test("no text, no note", () => {
    for (const note of ["", null, "[object Object]", "{{ Notes }}"]) {
      expect(normalise("new-note", { call_uuid: uuid, note }).verdict).toBe("parked");
    }
  });

  test("an endless note is cut so that its event stays within the log's limit", () => {
    const event = only("new-note", { call_id: 1, note: "é".repeat(200_000) });
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(45_000);
  });
});

describe("contacts", () => {
  const documented = { contact_id: "123", contact_name: "Grace Sample", contact_phone: "+390600000002" };

  test("updated_fields as an object, a list, pairs and text", () => {
    const event = only("contact-updated", { ...documented, updated_fields: { company: "Tom &amp; Co" } });
    expect(event).toMatchObject({
      ...{ type: "contact.reported", stream: "contact:ct:123" },
      data: { cloudtalkContactId: "123", origin: "cloudtalk", change: "updated" },
      personal: { name: "Grace Sample", phones: ["+390600000002"], changed: { company: "Tom & Co" } },
    });
    for (const updated_fields of [["company", "email"], "company, email", [{ name: "company" }, { title: "email" }]]) {
      expect(only("contact-updated", { ...documented, updated_fields }).personal).toMatchObject({
        changed: { company: null, email: null },
      });
    }
  });

  test("the action says what happened, and id alone is the contact's", () => {
    expect(only("contact-updated", { id: 9, action: "contact.deleted" })).toMatchObject({
      ...{ stream: "contact:ct:9", data: { change: "deleted" } },
    });
    expect(only("contact-updated", { id: 9, action: "created" }).data).toMatchObject({ change: "created" });
  });

  test("another content is another fact, and so is the same content a moment later: not all of a contact is told", () => {
    const key = (company: string, receivedAt?: string) =>
      only("contact-updated", { ...documented, updated_fields: { company } }, receivedAt).key;
    expect(key("A")).toEqual(key("A"));
    expect(key("A")).not.toEqual(key("B"));
    expect(key("A")).not.toEqual(key("A", "2026-11-22T11:00:00.000Z"));
  });

  test("said again without a word on what was changed, it is a duplicate at once and another hint later", () => {
    const body = { contact_id: 123, contact_name: "Ada", contact_phone: "+393000000001" };
    const keyAt = (receivedAt: string) => only("contact-updated", body, receivedAt).key;
    expect(keyAt("2026-11-22T10:00:00.100Z")).toEqual(keyAt("2026-11-22T10:00:00.900Z"));
    expect(keyAt("2026-11-22T10:00:00.100Z")).not.toEqual(keyAt("2026-11-22T10:00:04.100Z"));
  });

  test("nobody, or the body of a call, is parked", () => {
    expect(normalise("contact-updated", { company: "x" }).verdict).toBe("parked");
    expect(normalise("contact-updated", realEnded).verdict).toBe("parked");
  });

  test("a contact's change on call-ended is not an ended call", () => {
    expect(only("call-ended", { phone: "+390600000002", updated_fields: ["company"] }).type).toBe("contact.reported");
  });
});

describe("native webhooks", () => {
  const native = (type: string, data: object) => ({
    ...{
      event_id: "evt-0001",
      type,
      version: "v1",
      occurred_at: "2026-09-27T16:01:00Z",
      company_id: "company-123",
      data,
    },
  });
  const ended = {
    ...{ call_uuid: uuid, call_id: "101", direction: "incoming", external_number: "+12025550143" },
    ...{ internal_number: { number_e164: "+12025550178" }, started_at: "2026-09-27T15:59:00Z" },
    ...{ ended_at: "2026-09-27T16:00:30Z", duration: 44, talking_time: 0, waiting_time: 44, is_voicemail: false },
  };

  test("the end of a call, beside the workflow's report of it", () => {
    expect(only("native", native("call.ended", ended))).toEqual({
      type: "call.ended",
      stream: `call:u:${uuid}`,
      key: { fact: `call:u:${uuid}/ended/native` },
      time: "2026-09-27T16:00:30.000Z",
      source: "cloudtalk",
      data: {
        ...{
          callId: "101",
          callUuid: uuid,
          direction: "inbound",
          talkingSeconds: 0,
          waitingSeconds: 44,
          voicemail: false,
        },
        ...{ startedAt: "2026-09-27T15:59:00.000Z", endedAt: "2026-09-27T16:00:30.000Z" },
      },
      personal: { externalPhone: "+12025550143", internalPhone: "+12025550178" },
    });
  });

  test("a withheld caller", () => {
    const { external_number: _, ...body } = ended;
    const event = only("native", native("call.ended", { ...body, caller_id_status: "withheld", is_voicemail: true }));
    expect(event.data).toMatchObject({ withheld: true, voicemail: true });
    const hidden = { call_id: 3, external_number: "anonymous", contact_phone: "+12025550143" };
    expect(only("call-ended", hidden).data).toEqual({
      callId: "3",
      withheld: true,
    });
  });

  test.each([
    ["call.recording_ready", "call.recording_ready"],
    ["transcript.ready", "call.transcript_ready"],
    ["call.started", "call.started"],
    ["call.answered", "call.answered"],
  ])("%s", (type, expected) => {
    const event = only("native", native(type, { call_uuid: uuid, language: "en" }));
    expect(event).toMatchObject({ type: expected, stream: `call:u:${uuid}`, time: "2026-09-27T16:01:00.000Z" });
  });

  test.each(["message.received", "message.sent", "cidata.ready", "invoice.paid"])("%s is ignored", (type) => {
    const data = { id: "m-1", call_uuid: uuid, external_number: "+12025550143", body: "hello" };
    expect(normalise("native", native(type, data)).verdict).toBe("ignored");
  });

  test("contacts", () => {
    const created = only("native", native("contact.created", { id: 55, name: "Jane", phone: 12025550143 }));
    expect(created).toMatchObject({
      ...{ type: "contact.reported", stream: "contact:ct:55", data: { change: "created" } },
      key: { entity: "contact:ct:55/reported/native" },
    });
    expect(only("native", native("contact.deleted", { contact_id: "55" })).data).toMatchObject({ change: "deleted" });
  });

  test("an envelope on a workflow's endpoint is still an envelope", () => {
    expect(only("new-note", native("call.ended", ended)).key).toEqual({ fact: `call:u:${uuid}/ended/native` });
  });
});
