import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { eventVersion, parseEvent } from "@callbridge/events";
import { describe, expect, test } from "vitest";
import { eventsOf, link, normalise, only, realEnded, realRecording, receivedAt, uuid } from "./given.ts";

describe("the end of a call", () => {
  test("a real body leaves answered or missed open", () => {
    const event = only("call-ended", realEnded);
    expect(event).toMatchObject({
      type: "call.ended",
      stream: `call:u:${uuid}`,
      key: { fact: `call:u:${uuid}/ended` },
      time: receivedAt,
      source: "cloudtalk",
      personal: { externalPhone: "+393000000001", internalPhone: "+39060000001" },
    });
    expect(event.data).toEqual({ callUuid: uuid, agentId: "400001", cloudtalkContactId: "1400000001" });
  });

  test("no CloudTalk contact is no contact id", () => {
    expect(only("call-ended", { ...realEnded, contact_id: null }).data).not.toHaveProperty("cloudtalkContactId");
  });

  test("casing variants, a link of another host, and a duration that is not a talking time", () => {
    const event = only("call-ended", {
      Call_id: "123456",
      Call_duration: "120",
      Agent_name: "Ada",
      Contact_phone: "+390600000002",
      Contact_name: "Grace &amp; Sample",
      recording: true,
      recording_url: "https://recordings.example.com/123456.wav",
    });
    expect(event).toMatchObject({ type: "call.ended", stream: "call:n:123456", key: { fact: "call:n:123456/ended" } });
    expect(event.data).toEqual({ callId: "123456" });
    expect(event.personal).toEqual({
      externalPhone: "+390600000002",
      agentName: "Ada",
      contactName: "Grace & Sample",
      recordingUrl: "https://recordings.example.com/123456.wav",
    });
  });

  test("a talking time of 0 is kept, and a call_id that is no number does not become one", () => {
    const event = only("call-ended", {
      ...{ call_uuid: "fix-test-1700000000001", call_id: "fix-test-call-1700000000002" },
      ...{ internal_number: 390600000001, external_number: "393000000001", agent_id: 400001 },
      ...{ agent_first_name: "Ada", agent_last_name: "Example", talking_time: 0, waiting_time: 15 },
    });
    expect(event.stream).toBe("call:u:fix-test-1700000000001");
    expect(event.data).toEqual({
      ...{ callUuid: "fix-test-1700000000001", agentId: "400001", talkingSeconds: 0, waitingSeconds: 15 },
    });
    expect(event.personal).toMatchObject({ agentName: "Ada Example" });
  });

  test("a call_id that is no number stands in for the uuid when there is none", () => {
    expect(only("call-ended", { call_id: "abc-1", talking_time: 3 }).data).toEqual({
      callUuid: "abc-1",
      talkingSeconds: 3,
    });
  });

  test("both ids and the order of keys and types do not matter", () => {
    const one = only("call-ended", { ...realEnded, "# di tentativi di chiamata": 103, call_id: 1000000006 });
    const two = only("call-ended", { call_id: "1000000006", ...realEnded, external_number: "+393000000001" });
    expect(two).toEqual(one);
    expect(one.data).toMatchObject({ callId: "1000000006", callUuid: uuid });
  });

  test("other people's names for the fields, named by event_type", () => {
    const result = normalise("native", {
      ...{ event_type: "call.ended", call_uuid: uuid, ended_at: null, duration_sec: "34", direction: "outgoing" },
      ...{ is_voicemail: null, internal_number_e164: 12025550178, contact_id: "1400000001", contact_name: "Jane Doe" },
      recording_url: null,
    });
    expect(result).toMatchObject({ verdict: "accepted", because: expect.stringContaining("call.ended") });
    const data = { callUuid: uuid, direction: "outbound", cloudtalkContactId: "1400000001" };
    expect(result).toMatchObject({
      events: [{ data, personal: { internalPhone: "+12025550178", contactName: "Jane Doe" } }],
    });
    expect(result.verdict === "accepted" && result.events[0].data).toEqual(data);
  });

  test("nested and wrapped templates", () => {
    const call = { id: 77, uuid, direction: "INBOUND", talking_time: "00:01:05", agent: { id: 5, name: "Ada" } };
    expect(only("call-ended", { call }).data).toEqual({
      ...{ callId: "77", callUuid: uuid, direction: "inbound", talkingSeconds: 65, agentId: "5" },
    });
    expect(only("call-ended", { data: { Call_Id: 77 } }).stream).toBe("call:n:77");
  });

  test("times are read leniently and the end is the event's time", () => {
    const event = only("call-ended", { call_id: 5, started_at: "2026-01-02 10:00:00", ended_at: 1767348060 });
    expect(event.data).toMatchObject({ startedAt: "2026-01-02T10:00:00.000Z", endedAt: "2026-01-02T10:01:00.000Z" });
    expect(event.time).toBe("2026-01-02T10:01:00.000Z");
    expect(only("call-ended", { call_id: 5, ended_at: "0000-00-00 00:00:00" }).time).toBe(receivedAt);
  });

  test("tags and notes that come with the end are events of their own", () => {
    const types = eventsOf("call-ended", { ...realEnded, call_tags: "Sale, VIP, vip", notes: [{ note: "Call back" }] });
    expect(types.map((event) => event.type)).toEqual(["call.ended", "call.tagged", "call.tagged", "call.noted"]);
  });
});

test("a modified call is a state: another tag is another fact, the same report is none", () => {
  const keys = (tags: string[]) => eventsOf("call-modified", { ...realEnded, tags }).map((event) => event.key);
  const [modified, tagA] = keys(["A"]);
  expect(modified).toMatchObject({ mode: "state", entity: `call:u:${uuid}/modified` });
  expect(keys(["A"])).toEqual([modified, tagA]);
  const [later, sameTag, tagB] = keys(["A", "B"]);
  expect(later).not.toEqual(modified);
  expect(sameTag).toEqual(tagA);
  expect(tagB).not.toEqual(tagA);
});

describe("ids", () => {
  test("the recording's link gives the numeric id that the body lacks", () => {
    expect(only("call-recording-ready", { call_uuid: uuid, recording_url: link(42) }).data).toEqual({
      ...{ callId: "42", callUuid: uuid },
    });
  });

  test("call_id is trusted over a link that contradicts it", () => {
    expect(only("call-recording-ready", { call_id: 7, recording_url: link(8) }).data).toEqual({ callId: "7" });
  });

  test("placeholders, phones and e-mail addresses are not ids", () => {
    for (const call_id of [
      0,
      "0",
      true,
      "null",
      "None",
      "N/A",
      "{{Call_id}}",
      "a b",
      "ada@example.com",
      "+393000000001",
    ]) {
      expect(only("call-ended", { call_id, talking_time: 3 }).data, String(call_id)).toEqual({ talkingSeconds: 3 });
    }
    const typo = only("call-ended", { call_id: 393000000001, external_number: 393000000001 });
    expect(JSON.stringify([typo.stream, typo.key, typo.data])).not.toContain("3000000001");
  });
});

describe("calls without any id", () => {
  const body = {
    ...{ internal_number: 390600000001, external_number: "393000000001", agent_id: 400001 },
    ...{ agent_first_name: "Ada", agent_last_name: "Example" },
  };

  test("the same report has the same key, another one has not", () => {
    const first = only("call-started", body);
    const again = only("call-started", { ...body, external_number: 393000000001 }, "2026-09-27T16:02:00.006Z");
    expect(first.key).toMatchObject({ mode: "repeat" });
    expect(again.key).toEqual(first.key);
    expect(only("call-started", { ...body, external_number: "393000000009" }).key).not.toEqual(first.key);
    expect(only("call-ended", body).key).not.toEqual(first.key);
  });

  test("two of them never share a stream, and nothing shows the number", () => {
    const first = only("call-started", body);
    const later = only("call-started", body, "2026-09-27T17:02:00.000Z");
    expect(first.stream).toMatch(/^call:x:[\da-f]{64}$/);
    expect(later.stream).not.toBe(first.stream);
    expect(JSON.stringify([first.key, first.stream, first.data])).not.toMatch(/3000000001|0600000001/);
  });
});

describe("recordings and transcripts", () => {
  test("a real recording body", () => {
    expect(only("call-recording-ready", realRecording)).toMatchObject({
      ...{
        type: "call.recording_ready",
        stream: "call:n:1000000021",
        key: { fact: "call:n:1000000021/recording_ready" },
      },
      personal: { recordingUrl: realRecording.recording_url, externalPhone: "+393000000001" },
    });
  });

  test.each([
    "new-note",
    "new-tag",
    "contact-updated",
    "call-started",
    "call-modified",
    "agent-status-changed",
    "native",
  ])("a recording body on %s is a recording that came on the wrong endpoint", (endpoint) => {
    const result = normalise(endpoint, realRecording);
    expect(result).toMatchObject({ verdict: "accepted", because: expect.stringContaining("wrong endpoint") });
    expect(only(endpoint, realRecording)).toMatchObject({ type: "call.recording_ready", stream: "call:n:1000000021" });
  });

  test("on call-ended it is both", () => {
    const types = eventsOf("call-ended", realRecording).map((event) => event.type);
    expect(types).toEqual(["call.ended", "call.recording_ready"]);
  });

  test("a link without a numeric id on the wrong endpoint is not guessed to be a recording", () => {
    const body = { recording_url: "https://recordings.example.com/a.wav" };
    expect(normalise("new-note", body).verdict).toBe("parked");
  });

  test("a real transcription body is a transcript although it has a recording's link", () => {
    const body = {
      transcript: "[object Object]",
      call_id: 1000000022,
      talking_time: 22,
      recording_url: link(1000000022),
    };
    for (const endpoint of ["transcription-ready", "call-recording-ready", "new-note"]) {
      const event = only(endpoint, body);
      expect(event).toMatchObject({ type: "call.transcript_ready", stream: "call:n:1000000022" });
      expect(event.data).toEqual({ callId: "1000000022", talkingSeconds: 22 });
      expect(JSON.stringify(event)).not.toContain("[object");
    }
  });

  test("an empty transcript field does not make a recording a transcript", () => {
    expect(only("call-recording-ready", { ...realRecording, transcript: null }).type).toBe("call.recording_ready");
  });
});

describe("LiveHelperChat's bodies name their own event", () => {
  const shared = {
    lhc_key: "secret",
    external_number: 12025550143,
    internal_number: 12025550178,
    direction: "incoming",
  };
  test.each([
    [{ ...shared, action: "call_started", call_uuid: uuid, contact_id: null, agent_id: null }, "call.started"],
    [
      { ...shared, action: "ended", call_uuid: uuid, call_id: 1000000001, talking_time: 22, recording_url: null },
      "call.ended",
    ],
    [{ lhc_key: "secret", action: "agent_status_changed", id: 400001, status: "online" }, "agent.status_changed"],
  ])("%j", (body, type) => {
    for (const endpoint of ["call-answered", "new-note", "native"]) {
      const event = only(endpoint, body);
      expect(event.type).toBe(type);
      expect(JSON.stringify(event)).not.toContain("secret");
    }
  });

  test("ringing once per agent is ignored", () => {
    expect(normalise("call-started", { ...shared, action: "ringing_on_agent" }).verdict).toBe("ignored");
  });
});

describe("what is not understood", () => {
  test.each([{}, [], { test: "health" }, { ping: true }, { event: "test" }])("%j is a probe", (body) => {
    for (const endpoint of ["call-started", "new-note", "native"])
      expect(normalise(endpoint, body).verdict).toBe("ignored");
  });

  test.each([undefined, null, "hello", 5, { foo: "bar" }, { status: "online" }])("%j is parked with advice", (body) => {
    const result = normalise("call-ended", body);
    expect(result.verdict).toBe("parked");
    expect(result.because).toBeTruthy();
  });
});

test("hostile values are read as absent", () => {
  const deep = JSON.parse(`${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`);
  const body = {
    call_id: 5,
    is_voicemail: { toString: 1 },
    direction: ["in"],
    updated_fields: deep,
    tags: deep,
    note: deep,
  };
  expect(only("call-ended", body).data).toEqual({ callId: "5" });
  expect(only("contact-updated", { id: 5, updated_fields: deep }).type).toBe("contact.reported");
});

test("of two spellings the one with a value counts", () => {
  expect(only("call-ended", { Call_id: null, call_id: 5 }).data).toEqual({ callId: "5" });
});

describe("the shared fixtures", () => {
  const folder = join(import.meta.dirname, "../../../shared/fixtures/webhooks");
  const files = existsSync(folder) ? readdirSync(folder) : [];
  test("are all accepted (the folder is not part of a clone)", ({ annotate }) => {
    if (files.length === 0) return void annotate("no fixtures here: nothing was read");
    for (const file of files) {
      const { endpoint, body } = JSON.parse(readFileSync(join(folder, file), "utf8"));
      if (!String(endpoint).startsWith("/api/cloudtalk-webhooks/")) continue;
      const events = eventsOf(String(endpoint).split("/").at(-1) ?? "", body);
      expect(events, file).toHaveLength(1);
      for (const { type, data, personal } of events) parseEvent(type, eventVersion, data, personal);
    }
  });
});
