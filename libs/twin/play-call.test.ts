import { verify } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientOf, receiver, standingClock } from "./test-client.ts";
import { startTwin, type Twin } from "./twin.ts";

const clock = standingClock();
let inbox: Awaited<ReturnType<typeof receiver>>;
let twin: Twin;

beforeEach(async () => {
  inbox = await receiver();
  twin = await startTwin({ settings: { webhookTarget: inbox.url, analyticsReadyMs: 500 }, now: clock.now });
});
afterEach(async () => {
  await twin.close();
  await inbox.close();
});

describe("a played call", () => {
  it("is reported as CloudTalk really did: uuid only when ended, id only with the recording, numbers without plus", async () => {
    const { callId, uuid, sent } = await twin.control.playCall();
    expect(sent.map(({ path, status }) => [path, status])).toEqual([
      ["/api/cloudtalk-webhooks/call-started", 202],
      ["/api/cloudtalk-webhooks/call-ended", 202],
      ["/api/cloudtalk-webhooks/call-recording-ready", 202],
    ]);
    const [, ended, recording] = inbox.deliveries;
    expect(ended?.headers.authorization).toBe("Bearer twin-webhook-secret");
    expect(ended?.headers["user-agent"]).toBe("cloudtalk-workflow-automation");
    expect(ended?.body).toEqual({
      call_uuid: uuid,
      internal_number: 12025550100,
      contact_id: 1400000001,
      agent_id: 400001,
      external_number: 12025550143,
      "# di tentativi di chiamata": null,
    });
    expect(Object.keys(recording?.body ?? {})).toEqual([
      "call_id",
      "recording_url",
      "internal_number",
      "external_number",
    ]);
    expect(recording?.body.call_id).toBe(Number(callId));
    const part = decodeURIComponent(String(recording?.body.recording_url).split("/pub/r/")[1]?.split("/")[0] ?? "");
    expect(Buffer.from(part, "base64").toString()).toBe(callId);
  });

  it("gives its audio through the public link without credentials once the webhook was sent", async () => {
    await twin.control.playCall();
    const link = String(inbox.deliveries[2]?.body.recording_url);
    const answer = await fetch(link);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "audio/x-wav"]);
    expect((await fetch(link.replace(/[^/]+\.wav$/, "MQ%3D%3D.wav"))).status).toBe(404);
  });

  it("answers 404 for the recording and for analytics until they are ready, and 410 when expired", async () => {
    const ask = clientOf(twin);
    const { callId, uuid } = await twin.control.playCall({ skip: ["call-recording-ready"] });
    expect((await ask.core("GET", `/calls/recording/${callId}.json`)).status).toBe(404);
    expect((await ask.analytics(callId)).status).toBe(404);
    clock.move(1000);
    expect((await ask.core("GET", `/calls/recording/${callId}.json`)).status).toBe(200);
    expect((await ask.analytics(callId)).body).toMatchObject({ cdr_id: Number(callId), uuid, status: "answered" });
    expect((await ask.analytics(uuid)).body).toMatchObject({ statusCode: 400, error: "Bad Request" });
    const expired = await twin.control.playCall({ recordingExpired: true });
    expect((await ask.core("GET", `/calls/recording/${expired.callId}.json`)).status).toBe(410);
  });

  it("can arrive recording first, twice, in part, with other ids and with a late recording", async () => {
    twin.control.configure({ recordingLateMs: 5000 });
    const { callId } = await twin.control.playCall({
      order: ["call-recording-ready", "call-started", "call-ended"],
      skip: ["call-started"],
      duplicates: 1,
      ids: { ended: "both" },
    });
    expect(inbox.deliveries.map(({ path }) => path.split("/").at(-1))).toEqual([
      ...["call-recording-ready", "call-recording-ready", "call-ended", "call-ended"],
    ]);
    expect(inbox.deliveries[2]?.body.call_id).toBe(Number(callId));
    expect((await clientOf(twin).core("GET", `/calls/recording/${callId}.json`)).status).toBe(404);
  });

  it("is shown in the history as missed when nobody answered, without recording webhook", async () => {
    const { callId, sent } = await twin.control.playCall({ outcome: "missed", from: null, agentId: null });
    expect(sent).toHaveLength(2);
    const { body } = await clientOf(twin).core("GET", `/calls/index.json?call_id=${callId}&status=missed`);
    expect(body.responseData).toMatchObject({
      itemsCount: 1,
      data: [{ Cdr: { id: callId, answered_at: null, talking_time: "0", public_external: null }, Agent: { id: null } }],
    });
  });

  it("is found by time, number and agent, in whatever zone the vendor reads a date without one", async () => {
    const ask = clientOf(twin);
    const { callId } = await twin.control.playCall({ endedAt: "2026-11-20T10:00:00Z", agentId: "400002" });
    await twin.control.playCall({ endedAt: "2026-11-21T10:00:00Z" });
    const ids = async (query: string) => {
      const { body } = await ask.core("GET", `/calls/index.json?${query}`);
      return (body.responseData as { data: { Cdr: { id: string } }[] }).data.map(({ Cdr }) => Cdr.id);
    };
    const window = "date_from=2026-11-20%2009:50:00&date_to=2026-11-20%2010:10:00";
    expect(await ids(`${window}&public_external=12025550143&user_id=400002&type=incoming`)).toEqual([callId]);
    expect(await ids(`${window}&user_id=400001`)).toEqual([]);
    expect(await ids("limit=1&page=2")).toEqual([callId]);
    twin.control.configure({ historyOffsetMinutes: 120 });
    expect(await ids(window)).toEqual([]);
  });

  it("can be reported natively, signed so that Svix verification accepts it", async () => {
    const signer = await startTwin({ settings: { webhookTarget: inbox.url } });
    const { uuid } = await signer.control.playCall({ shapes: "native", outcome: "voicemail" });
    await signer.close();
    expect(inbox.deliveries.map(({ body }) => body.type)).toEqual(["call.ended", "call.recording_ready"]);
    const [ended] = inbox.deliveries;
    const headers = {
      "webhook-id": String(ended?.headers["svix-id"]),
      "webhook-timestamp": String(ended?.headers["svix-timestamp"]),
      "webhook-signature": String(ended?.headers["svix-signature"]),
    };
    const verified = new Webhook(twin.credentials.svixSecret).verify(ended?.raw ?? "", headers);
    expect(verified).toMatchObject({ version: "v1", data: { call_uuid: uuid, is_voicemail: true } });
  });

  it("takes cue cards while it lasts and not after", async () => {
    const card = { type: "html", title: "David", content: "<b>hi</b>" };
    const { callId, uuid, sent } = await twin.control.startCall();
    expect(sent.map(({ path }) => path.split("/").at(-1))).toEqual(["call-started", "call-answered"]);
    const send = () =>
      fetch(`${twin.urls.platform}/cuecards`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa("twin-key-id:twin-key-secret")}`, "content-type": "application/json" },
        body: JSON.stringify({ ...card, call_uuid: uuid }),
      });
    expect((await send()).status).toBe(200);
    await twin.control.endCall(callId);
    expect((await send()).status).toBe(424);
  });
});

describe("GHL's webhooks", () => {
  it("come from a workflow with the lead at the root, staff in `user`, tags as text and the stage misspelt", async () => {
    const [person] = twin.control.seeded().people;
    await twin.control.sendGhlWorkflow("pipeline-stage-changed", person?.ghlContactId ?? "", { customData: { a: 1 } });
    expect(inbox.deliveries[0]?.path).toBe("/api/ghl-webhooks/pipeline-stage-changed");
    expect(inbox.deliveries[0]?.body).toMatchObject({
      contact_id: person?.ghlContactId,
      phone: "+12025550143",
      tags: "",
      user: { email: "sarah@brightway.example" },
      pipleline_stage: "New lead",
      customData: { a: 1 },
    });
  });

  it("come from a Marketplace app signed with Ed25519 over the raw body", async () => {
    const [person] = twin.control.seeded().people;
    await twin.control.sendGhlApp("ContactUpdate", person?.ghlContactId ?? "", { firstName: "Dave" }, "w1");
    const [delivery] = inbox.deliveries;
    expect(delivery?.body).toMatchObject({ type: "ContactUpdate", firstName: "Dave", webhookId: "w1" });
    const signature = Buffer.from(String(delivery?.headers["x-ghl-signature"]), "base64");
    const key = twin.credentials.ghlSigningPublicKeyPem;
    expect(verify(null, Buffer.from(delivery?.raw ?? ""), key, signature)).toBe(true);
  });

  it("echo the API's own writes when told to", async () => {
    twin.control.configure({ echoWrites: "both" });
    const [person] = twin.control.seeded().people;
    await clientOf(twin).ghl("POST", `/contacts/${person?.ghlContactId}/notes`, { body: "hello" });
    await twin.control.settle();
    expect(inbox.deliveries.map(({ path, body }) => body.type ?? path)).toEqual(
      expect.arrayContaining(["/api/ghl-webhooks/new-note", "NoteCreate"]),
    );
  });
});
