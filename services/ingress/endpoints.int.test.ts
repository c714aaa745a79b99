import { openStorage, platformOf } from "@callbridge/service";
import { capabilityOf } from "@callbridge/storage";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesOf, credentials, type Ingress, locationId, openIngress } from "./given.ts";

let ingress: Ingress;
beforeAll(async () => {
  ingress = await openIngress();
});
afterAll(() => ingress.close());

const contact_id = "AdaContact0000000001";
const promised: [string, object, string][] = [
  ["/cloudtalk-webhooks/new-tag", { call_uuid: "u1", tag_name: "VIP" }, "call.tagged"],
  ["/cloudtalk-webhooks/contact-updated", { contact_id: 1, contact_phone: 393000000001 }, "contact.reported"],
  ["/cloudtalk-webhooks/call-started", { call_uuid: "u1" }, "call.started"],
  ["/cloudtalk-webhooks/call-ended", { call_uuid: "u1" }, "call.ended"],
  ["/cloudtalk-webhooks/new-note", { call_uuid: "u1", note: "He will call back" }, "call.noted"],
  ["/ghl-webhooks/new-contact", { contact_id }, "contact.reported"],
  ["/ghl-webhooks/new-tag", { contact_id, customData: { tag: "vip" } }, "contact.tagged"],
  ["/ghl-webhooks/new-note", { contact_id, note: { body: "Hello" } }, "note.added"],
  ["/ghl-webhooks/pipeline-stage-changed", { contact_id, pipleline_stage: "Won" }, "opportunity.stage_changed"],
  ["/ghl-webhooks/opportunity-status-changed", { contact_id, status: "won" }, "opportunity.status_changed"],
];
const others: [string, object, string][] = [
  [
    "/cloudtalk-webhooks/call-recording-ready",
    { call_id: 7, recording_url: "https://my.cloudtalk.io/r/play/7" },
    "call.recording_ready",
  ],
  ["/cloudtalk-webhooks/transcription-ready", { call_id: 7, transcript: "[object Object]" }, "call.transcript_ready"],
  ["/cloudtalk-webhooks/call-answered", { call_uuid: "u1" }, "call.answered"],
  ["/cloudtalk-webhooks/call-modified", { call_uuid: "u1" }, "call.modified"],
  ["/cloudtalk-webhooks/agent-status-changed", { agent_id: 5, status: "online" }, "agent.status_changed"],
  ["/ghl-webhooks/pipeline-change", { contact_id, pipleline_stage: "Won" }, "opportunity.stage_changed"],
  ["/ghl-webhooks/status-change", { contact_id, status: "won" }, "opportunity.status_changed"],
  ["/cloudtalk-webhooks", { type: "call.ended", event_id: "evt-1", data: { call_uuid: "u1" } }, "call.ended"],
  [
    "/ghl-webhooks",
    { type: "NoteCreate", contactId: contact_id, id: "note1", body: "Hello", webhookId: "w1" },
    "note.added",
  ],
];

describe.each([...promised, ...others])("POST /api%s", (path, body, type) => {
  test("takes its event, and the same event for the account that the address names", async () => {
    const own = ingress.as(`at ${path.replaceAll("/", " ")}`);
    const first = await own.post(`/api${path}`, body);
    expect(first).toMatchObject({ status: 202, verdict: "accepted" });
    expect((await own.events()).map((event) => event.type)).toEqual([type]);

    const account = encodeURIComponent(`at ${path.replaceAll("/", " ")}`);
    expect((await own.post(`/api/a/${account}${path}`, body)).verdict).toBe("duplicate");
    expect(await own.events()).toHaveLength(1);
  });

  test("has no account of another name", async () => {
    const answer = await ingress.post(`/api/a/nobody${path}`, body);
    expect(answer).toEqual({ status: 404, error: "there is no such account", eventIds: [], retryAfter: undefined });
  });
});

test("an address that was pasted with a slash too many is the same address", async () => {
  const own = ingress.as("slashes");
  const body = { call_uuid: "u2" };
  for (const path of ["/api/cloudtalk-webhooks/call-ended/", "//api/cloudtalk-webhooks//call-ended"]) {
    const headers = credentials(path, bytesOf(body));
    expect((await own.post(path, body, headers)).status, path).toBe(202);
  }
  expect(await own.events()).toHaveLength(1);
});

test("other methods and other addresses are not there", async () => {
  for (const url of ["/api/cloudtalk-webhooks/call-ended", "/api/cloudtalk-webhooks/nonsense", "/", "/api/a/default"]) {
    expect((await ingress.app.inject({ method: "GET", url })).statusCode, url).toBe(404);
  }
  expect((await ingress.post("/api/ghl-webhooks/nonsense", {})).status).toBe(404);
});

describe("a GoHighLevel payload", () => {
  const elsewhere = "LocationOfSomebody01";
  test.each([
    ["a workflow's", "/api/ghl-webhooks/new-contact", { contact_id, location: { id: elsewhere } }],
    ["a template's", "/api/ghl-webhooks/new-contact", { contact_id, customData: { locationId: elsewhere } }],
    [
      "an app's",
      "/api/ghl-webhooks",
      { type: "ContactCreate", id: contact_id, locationId: elsewhere, webhookId: "w2" },
    ],
  ])("of another location is ignored: %s", async (_whose, path, body) => {
    const before = await ingress.events();
    const answer = await ingress.post(path, body);
    expect(answer).toMatchObject({ status: 202, verdict: "ignored", eventIds: [] });
    expect(answer.because).toContain("another GoHighLevel location");
    expect(await ingress.events()).toEqual(before);
  });

  test("of our location, or of one that it does not say, is taken", async () => {
    const own = ingress.as("location");
    for (const location of [{ id: locationId }, { id: "{{location.id}}" }, {}]) {
      expect((await own.post("/api/ghl-webhooks/new-contact", { contact_id, location })).status).toBe(202);
    }
    expect((await own.inbox()).map((delivery) => delivery.verdict)).toEqual(["accepted", "duplicate", "duplicate"]);
  });
});

test("everything that one webhook brings carries the id of its delivery", async () => {
  const own = ingress.as("correlation");
  await own.post("/api/cloudtalk-webhooks/call-ended", { call_uuid: "u1", tags: "Sale, VIP", note: "Hello" });
  const [delivery] = await own.inbox();
  const events = await own.events();
  expect(events.map((event) => event.type)).toEqual(["call.ended", "call.tagged", "call.tagged", "call.noted"]);
  expect(new Set(events.map((event) => event.correlationId))).toEqual(new Set([delivery?.id]));
});

test("the link that stands in the CRM opens the recording that the recording service stored", async () => {
  const { app, config } = ingress;
  const platform = platformOf(ingress.platform, "default");
  const { ref } = await openStorage(config, platform).put("recording/0a", Buffer.from("RIFF....WAVE, a call"));
  const link = capabilityOf(ref, platform.key("recording-links"));
  const answer = await app.inject({ url: `/r/${link}`, headers: { range: "bytes=-6" } });
  expect([answer.statusCode, answer.headers["content-type"], answer.body]).toEqual([206, "audio/wav", "a call"]);
});

test("GET /metrics counts what became of the webhooks, and how long it took", async () => {
  const page = async () => (await ingress.app.inject({ url: "/metrics" })).body;
  const count = (text: string, verdict: string) =>
    Number(new RegExp(`endpoint="/ghl-webhooks/new-note",verdict="${verdict}"} (\\d+)`).exec(text)?.[1] ?? 0);
  const own = ingress.as("metrics");
  const path = "/api/ghl-webhooks/new-note";
  const note = { contact_id, note: { body: "Hello" } };
  const before = await page();
  await own.post(path, note);
  await own.post(`/api/a/metrics/ghl-webhooks/new-note`, note);
  await own.post(path, note, { "content-type": "application/json", "x-webhook-secret": "wrong" });
  await own.post(path, "x".repeat(2 ** 20 + 1));
  const after = await page();
  for (const verdict of ["accepted", "duplicate", "refused", "too-large"]) {
    expect(count(after, verdict) - count(before, verdict), verdict).toBe(1);
  }
  const seconds = /callbridge_acceptance_seconds_count (\d+)/;
  expect(Number(seconds.exec(after)?.[1]) - Number(seconds.exec(before)?.[1])).toBe(2);
  expect(after).toContain("callbridge_spooled_deliveries 0");
  expect(after).toContain("process_cpu_seconds_total");
});
