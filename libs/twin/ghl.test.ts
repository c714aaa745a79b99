import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientOf, standingClock } from "./test-client.ts";
import { startTwin, type Twin } from "./twin.ts";

const clock = standingClock();
let twin: Twin;
let ask: ReturnType<typeof clientOf>;
const david = "GhlContact0000000001";
const locationId = "TwinLocation00000001";

beforeEach(async () => {
  twin = await startTwin({ now: clock.now });
  ask = clientOf(twin);
});
afterEach(() => twin.close());

const contactOf = async (id: string) => (await ask.ghl("GET", `/contacts/${id}`)).body.contact;
const found = async (filters: unknown[]) => {
  const { body } = await ask.ghl("POST", "/contacts/search", { locationId, pageLimit: 10, filters });
  return (body.contacts as { id: string }[]).map(({ id }) => id);
};

describe("GHL's gate", () => {
  it("refuses a wrong token, a missing or unknown Version and another location, each in its own words", async () => {
    const wrong = await ask.ghl("GET", `/contacts/${david}`, undefined, { authorization: "Bearer pit-x" });
    expect(wrong.body).toMatchObject({ statusCode: 401, message: "Invalid Private Integration token" });
    const unknown = await ask.ghl("GET", `/contacts/${david}`, undefined, { version: "2020-01-01" });
    expect(unknown.body).toMatchObject({ statusCode: 401, message: "version header is invalid" });
    const headers = { authorization: `Bearer ${twin.credentials.ghlToken}` };
    const missing = await fetch(`${twin.urls.ghl}/contacts/${david}`, { headers });
    expect(await missing.json()).toMatchObject({ statusCode: 401, message: "version header was not found." });
    expect((await ask.ghl("GET", "/locations/Elsewhere00000000001")).status).toBe(403);
    expect((await ask.ghl("POST", "/contacts/upsert", { locationId: "Elsewhere" })).status).toBe(403);
  });

  it("allows 100 requests in ten seconds and says how many remain", async () => {
    for (let i = 0; i < 99; i++) await ask.ghl("GET", "/opportunities/pipelines");
    const last = await ask.ghl("GET", "/opportunities/pipelines");
    expect(last.headers.get("x-ratelimit-remaining")).toBe("0");
    const refused = await ask.ghl("GET", "/opportunities/pipelines");
    expect([refused.status, refused.headers.get("x-ratelimit-interval-milliseconds")]).toEqual([429, "10000"]);
    clock.move(10_000);
    expect((await ask.ghl("GET", "/opportunities/pipelines")).status).toBe(200);
  });

  it("refuses unknown properties of a write, naming each", async () => {
    const refused = await ask.ghl("PUT", `/contacts/${david}`, { locationId, gender: "x", firstName: "Dave" });
    expect(refused).toMatchObject({
      status: 422,
      body: { message: ["property locationId should not exist", "property gender should not exist"] },
    });
    expect(await contactOf(david)).toMatchObject({ firstName: "David" });
  });
});

describe("GHL contacts", () => {
  it("overwrite tags on upsert, add and remove them singly otherwise, always lower-cased", async () => {
    await ask.ghl("POST", `/contacts/${david}/tags`, { tags: ["Call-Answered", "VIP"] });
    const removed = await ask.ghl("DELETE", `/contacts/${david}/tags`, { tags: ["Vip"] });
    expect(removed.body.tags).toEqual(["call-answered"]);
    await ask.ghl("POST", "/contacts/upsert", { locationId, phone: "+12025550143", tags: ["Lead"] });
    expect(await contactOf(david)).toMatchObject({ tags: ["lead"] });
  });

  it("are found by the first configured identifier, the other one silently ignored", async () => {
    const both = { locationId, email: "ada@rossi.example", phone: "+12025550143", firstName: "Who" };
    const upserted = await ask.ghl("POST", "/contacts/upsert", both);
    expect(upserted.body).toMatchObject({ new: false, contact: { firstName: "Who", phone: "+393000000001" } });
    const refused = await ask.ghl("POST", "/contacts/", { locationId, phone: "(202) 555-0143" });
    expect(refused.body).toMatchObject({ statusCode: 400, meta: { contactId: david, matchingField: "phone" } });
  });

  it("are seen by the search only after its lag, by the duplicate look-up at once", async () => {
    const { body } = await ask.ghl("POST", "/contacts/upsert", { locationId, phone: "+12025550177" });
    const { id } = body.contact as { id: string };
    const exact = { field: "phone", operator: "eq", value: "+12025550177" };
    expect(await found([exact])).toEqual([]);
    const duplicate = await ask.ghl("GET", `/contacts/search/duplicate?locationId=${locationId}&number=%2B12025550177`);
    expect(duplicate.body).toMatchObject({ contact: { id } });
    clock.move(300);
    expect(await found([exact])).toEqual([id]);
    expect(await found([exact, { ...exact, value: "12025550177" }])).toEqual([]);
    expect(await found([{ group: "OR", filters: [exact, { ...exact, value: "12025550177" }] }])).toEqual([id]);
  });

  it("keep custom fields by id, without keys, and the page of the contact shows them by name", async () => {
    const made = await ask.ghl("POST", `/locations/${locationId}/customFields`, {
      name: "Call Sentiment",
      dataType: "TEXT",
    });
    expect(made.body.customField).toMatchObject({ id: "GhlField000000000001", fieldKey: "contact.call_sentiment" });
    const customFields = [
      { id: "GhlField000000000001", field_value: "positive" },
      { id: "unknown", field_value: "x" },
    ];
    await ask.ghl("PUT", `/contacts/${david}`, { customFields });
    expect(await contactOf(david)).toMatchObject({ customFields: [{ id: "GhlField000000000001", value: "positive" }] });
    expect((await ask.twin("GET", `/contacts/${david}`)).body.customFields).toEqual([
      { id: "GhlField000000000001", name: "Call Sentiment", fieldKey: "contact.call_sentiment", value: "positive" },
    ]);
  });

  it("have notes that can be delayed between answer and reading", async () => {
    twin.control.configure({ applyDelayMs: 2000 });
    const made = await ask.ghl("POST", `/contacts/${david}/notes`, { body: "one\ntwo" });
    expect(made).toMatchObject({ status: 201, body: { note: { body: "one\ntwo", contactId: david } } });
    expect((await ask.ghl("GET", `/contacts/${david}/notes`)).body.notes).toEqual([]);
    clock.move(2000);
    expect((await ask.ghl("GET", `/contacts/${david}/notes`)).body.notes).toHaveLength(1);
  });
});

describe("GHL conversations", () => {
  const call = { from: "+12025550143", to: "+12025550100", status: "completed" };
  const provider = { type: "Call", conversationProviderId: "TwinCallProvider0001" };

  it("take calls only with the right provider: missing is an empty 201, wrong a 500", async () => {
    const missing = await ask.ghl("POST", "/conversations/messages/inbound", { type: "Call", contactId: david, call });
    expect(missing).toMatchObject({ status: 201, body: { text: "" } });
    const wrong = { ...provider, conversationProviderId: "x", contactId: david, call };
    expect((await ask.ghl("POST", "/conversations/messages/inbound", wrong)).status).toBe(500);
    const other = { ...provider, contactId: david, call: { ...call, from: "+12025550999" } };
    expect((await ask.ghl("POST", "/conversations/messages/inbound", other)).status).toBe(400);
    expect(twin.control.contact(david)?.messages).toEqual([]);
  });

  it("are opened by the first call, one per contact, and read back one level deeper than documented", async () => {
    const inbound = await ask.ghl("POST", "/conversations/messages/inbound", {
      ...provider,
      contactId: david,
      call,
      altId: "ct-1",
    });
    const { conversationId, messageId } = inbound.body as { conversationId: string; messageId: string };
    expect((await ask.ghl("POST", "/conversations/", { locationId, contactId: david })).status).toBe(400);
    const attachments = { attachments: ["https://a.example/b.mp3"] };
    await ask.ghl("PUT", `/conversations/messages/${messageId}/attachments`, attachments);
    const list = await ask.ghl("GET", `/conversations/${conversationId}/messages`);
    const shown = { id: messageId, altId: "ct-1", messageType: "TYPE_CUSTOM_CALL", ...attachments };
    expect(list.body).toMatchObject({ messages: { nextPage: false, messages: [shown] } });
    const filtered = await ask.ghl("GET", `/conversations/${conversationId}/messages?type=TYPE_CALL`);
    expect(filtered.body).toMatchObject({ messages: { messages: [] } });
    const one = await ask.ghl("GET", `/conversations/messages/${messageId}`);
    expect(one.body).toMatchObject({ message: { meta: { call: { status: "completed" } } } });
    expect(one.body.message).not.toHaveProperty("attachments");
    expect(twin.control.contact(david)?.messages).toMatchObject([{ altId: "ct-1", from: "+12025550143" }]);
  });

  it("are not needed by the inbound-webhook trigger, which records and names no message", async () => {
    const answer = await fetch(twin.urls.callLog, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ from: "+12025550143", direction: "inbound" }),
    });
    expect(await answer.json()).toEqual({ status: "Success: request sent to trigger execution server" });
    expect(twin.control.contact(david)?.callLogs).toHaveLength(1);
  });
});

describe("GHL opportunities", () => {
  it("move through stages and statuses, one open per contact and pipeline", async () => {
    const { body } = await ask.ghl("GET", `/opportunities/search?location_id=${locationId}&contact_id=${david}`);
    const [deal] = body.opportunities as { id: string; pipelineId: string }[];
    const again = { pipelineId: deal?.pipelineId, locationId, name: "x", status: "open", contactId: david };
    expect((await ask.ghl("POST", "/opportunities/", again)).status).toBe(400);
    await ask.ghl("PUT", `/opportunities/${deal?.id}`, { pipelineStageId: "GhlStage000000000002" });
    await ask.ghl("PUT", `/opportunities/${deal?.id}/status`, { status: "won" });
    expect((await ask.ghl("GET", `/opportunities/${deal?.id}`)).body).toMatchObject({
      opportunity: { status: "won", pipelineStageId: "GhlStage000000000002" },
    });
    expect((await ask.ghl("POST", "/opportunities/", again)).status).toBe(201);
  });
});
