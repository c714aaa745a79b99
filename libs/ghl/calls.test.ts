import { ghlContactId } from "@callbridge/events";
import { VendorError } from "@callbridge/vendor";
import { describe, expect, test } from "vitest";
import type { GhlCallLog } from "./calls.ts";
import { vendor } from "./vendor-server.ts";

const ada = ghlContactId.parse("AdaContact0000000001");
const call: GhlCallLog = {
  contactId: ada,
  conversationProviderId: "PROV",
  direction: "inbound",
  date: "2026-11-22T09:04:00.000Z",
  altId: "cloudtalk-123456",
  from: "+12025550123",
  to: "+12025550199",
  status: "completed",
  attachments: ["https://example.com/r/abc"],
};
const search = { json: { conversations: [{ id: "CONV", contactId: ada }], total: 1 } };
const sent = { status: 201, json: { success: true, messageId: "MSG" } };

const insists = { status: 422, json: { statusCode: 422, message: ["conversationId should not be empty"] } };

describe("logging a call", () => {
  test("inbound names the contact, which is enough", async () => {
    const { ghl, seen } = await vendor({ "POST /conversations/messages/inbound": sent });
    expect(await ghl.logCall(call)).toEqual({ messageId: "MSG" });
    expect(seen.map(({ json }) => json)).toEqual([
      {
        type: "Call",
        contactId: ada,
        conversationProviderId: "PROV",
        direction: "inbound",
        altId: "cloudtalk-123456",
        date: "2026-11-22T09:04:00.000Z",
        attachments: ["https://example.com/r/abc"],
        call: { from: "+12025550123", to: "+12025550199", status: "completed" },
      },
    ]);
  });

  test("looks for a conversation, and makes one, only where the endpoint insists on it", async () => {
    const { ghl, seen } = await vendor({
      "GET /conversations/search": { json: { conversations: [{ id: "ELSE", contactId: "Somebody" }] } },
      "POST /conversations/": { status: 201, json: { success: true, conversation: { id: "NEW" } } },
      "POST /conversations/messages/outbound": insists,
    });
    await ghl.logCall({ ...call, direction: "outbound", attachments: undefined }).catch(() => undefined);
    expect(seen[2]?.json).toEqual({ locationId: "Location000000000001", contactId: ada });
    expect(seen[3]?.json).toEqual({
      type: "Call",
      conversationId: "NEW",
      conversationProviderId: "PROV",
      altId: "cloudtalk-123456",
      date: "2026-11-22T09:04:00.000Z",
      call: { from: "+12025550123", to: "+12025550199", status: "completed" },
    });
  });

  test("that is answered without a message id may have happened", async () => {
    const empty = { status: 201 };
    const { ghl } = await vendor({
      "POST /conversations/messages/inbound": empty,
    });
    const error = await ghl.logCall(call).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(VendorError);
    expect(error).toMatchObject({ consequence: "ambiguous" });
  });

  test("was not done while the conversation exists but cannot be found", async () => {
    const json = { statusCode: 400, message: "Conversation with the contact id already exists" };
    const { ghl } = await vendor({
      "POST /conversations/messages/inbound": insists,
      "GET /conversations/search": { json: { conversations: [] } },
      "POST /conversations/": { status: 400, json },
    });
    await expect(ghl.logCall(call)).rejects.toMatchObject({ consequence: "not-applied" });
  });
});

describe("reading calls back", () => {
  const message = { id: "MSG", messageType: "TYPE_CUSTOM_CALL", altId: "cloudtalk-123456", direction: "inbound" };

  test("goes through all pages of the nested answer and keeps calls only", async () => {
    const first = { messages: [message, { id: "SMS", messageType: "TYPE_SMS" }], nextPage: true, lastMessageId: "SMS" };
    const older = { id: "OLD", messageType: "TYPE_CALL", meta: { call: { status: "voicemail" } } };
    const { ghl, seen } = await vendor({
      "GET /conversations/search": search,
      "GET /conversations/CONV/messages": [
        { json: { messages: first } },
        { json: { messages: { messages: [older], nextPage: false, lastMessageId: "OLD" } } },
      ],
    });
    expect(await ghl.callMessages(ada)).toMatchObject([
      { messageId: "MSG", altId: "cloudtalk-123456", direction: "inbound" },
      { messageId: "OLD", altId: undefined, status: "voicemail" },
    ]);
    expect(seen[2]?.query).toEqual({ limit: "100", lastMessageId: "SMS" });
  });

  test("takes the flat answer of the contract too, and none for a contact without conversation", async () => {
    const flat = { json: { messages: [message], nextPage: false, lastMessageId: "MSG" } };
    const known = await vendor({ "GET /conversations/search": search, "GET /conversations/CONV/messages": flat });
    expect(await known.ghl.callMessages(ada)).toHaveLength(1);
    const unknown = await vendor({ "GET /conversations/search": { json: { conversations: [] } } });
    expect(await unknown.ghl.callMessages(ada)).toEqual([]);
  });
});

test("a workflow's secret URL gets the JSON and never our token", async () => {
  const path = "/hooks/L/webhook-trigger/uuid";
  const { ghl, seen, operations, baseUrl } = await vendor({ [`POST ${path}`]: { json: { status: "Success" } } });
  await ghl.postInboundWebhook(`${baseUrl}${path}`, { direction: "inbound", from: "+12025550123" });
  expect(seen[0]).toMatchObject({ json: { direction: "inbound", from: "+12025550123" } });
  expect(seen[0]?.headers).not.toHaveProperty("authorization");
  expect(operations).toEqual(["workflow.inbound-webhook"]);
});
