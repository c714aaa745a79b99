import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { catalogue, cloudtalkContactId } from "@callbridge/events";
import { VendorError } from "@callbridge/vendor";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CloudTalk, createCloudTalk } from "./client.ts";

const callId = catalogue["call.ended"].data.shape.callId.unwrap().parse("12345");

type Reply = { status?: number; json?: unknown; text?: string; headers?: Record<string, string> };
type Seen = {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: unknown;
};
let server: Server;
let cloudtalk: CloudTalk;
let seen: Seen[];
let operations: string[];
let reply: (request: Seen) => Reply | ((response: ServerResponse) => void);
const now = Date.parse("2026-09-27T16:00:00Z");

beforeEach(async () => {
  [seen, operations] = [[], []];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const text = Buffer.concat(chunks).toString();
    const question: Seen = {
      ...{ method: request.method ?? "", path: pathname, query: searchParams, headers: request.headers },
      body: text === "" ? undefined : JSON.parse(text),
    };
    seen.push(question);
    const answer = reply(question);
    if (typeof answer === "function") return answer(response);
    response.writeHead(answer.status ?? 200, answer.headers);
    response.end(answer.text ?? JSON.stringify(answer.json));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  cloudtalk = createCloudTalk({
    ...{ keyId: "key", secret: "s:ecret", baseUrl: `http://127.0.0.1:${port}/my/api/`, now: () => now },
    analyticsUrl: `http://127.0.0.1:${port}/analytics/api`,
    gate: { pass: async (operation) => void operations.push(operation), report: async () => undefined },
  });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function failure(promise: Promise<unknown>): Promise<VendorError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof VendorError)) throw new Error("not a VendorError", { cause: error });
  return error;
}

const agentStep = (id: number, status: string) => ({ type: "agent", id, name: `Agent${id}`, status });
const details = {
  ...{ cdr_id: 12345, uuid: "aaaa-bbbb-cccc-dddd", company_id: 100123, date: "2022-02-07T13:00:00.000Z" },
  contact: { id: 1, name: "John &amp; Jane", country: "CZ", number: "+420777123123" },
  internal_number: { id: 1, name: "Europe Sales", number: "+420456456456" },
  call_times: {
    talking_time: 60,
    wrap_up_time: 10,
    ringing_time: 10,
    total_time: 80,
    waiting_time: 20,
    holding_time: 5,
  },
  ...{ direction: "incoming", type: "regular", status: "answered", notes: ["string"], recorded: true },
  call_steps: [
    { type: "ivr", id: 1, total_time: 10, option: "1" },
    { type: "queue", id: 10, status: "answered", agent_calls: [agentStep(12, "missed"), agentStep(11, "answered")] },
  ],
};

describe("call details", () => {
  test("in our words, with credentials and a name on the request", async () => {
    reply = () => ({ json: details });
    expect(await cloudtalk.callDetails(callId)).toEqual({
      ...{
        callId: "12345",
        callUuid: "aaaa-bbbb-cccc-dddd",
        outcome: "answered",
        direction: "inbound",
        recorded: true,
      },
      ...{ startedAt: "2022-02-07T13:00:00.000Z", talkingSeconds: 60, waitingSeconds: 20 },
      ...{ externalPhone: "+420777123123", internalPhone: "+420456456456", agentId: "11", agentName: "Agent11" },
      ...{ cloudtalkContactId: "1", contactName: "John & Jane" },
    });
    expect(operations).toEqual(["calls.details"]);
    expect(seen[0]).toMatchObject({
      path: "/analytics/api/calls/12345",
      headers: { authorization: "Basic a2V5OnM6ZWNyZXQ=", accept: "application/json", "user-agent": "callbridge" },
    });
  });

  const voicemail = { type: "voicemail", status: "SUCCESS", total_time: 9 };
  const silent = { ...details, status: "missed", call_times: { talking_time: null } };
  test.each([
    ["answered", { ...details, call_steps: null }],
    ["missed", { ...silent, call_steps: [agentStep(12, "missed")] }],
    ["voicemail", { ...silent, call_steps: [agentStep(12, "missed"), voicemail] }],
    ["voicemail", { ...details, call_times: { talking_time: 0 }, call_steps: [voicemail] }],
    ["answered", { ...details, call_steps: [agentStep(12, "answered"), voicemail] }],
    ["missed", { ...silent, call_steps: [{ ...voicemail, status: "FAILED" }] }],
    ["unknown", { ...silent, status: "teleported" }],
    ["unknown", { cdr_id: "12345" }],
  ])("outcome %s", async (outcome, json) => {
    reply = () => ({ json });
    expect(await cloudtalk.callDetails(callId)).toMatchObject({ callId: "12345", outcome });
  });

  test("an absent talking time stays unknown, nobody is a contact, and a hidden caller is withheld", async () => {
    reply = () => ({ json: { ...silent, contact: { id: null, name: null, number: "anonymous" }, call_steps: [] } });
    const found = await cloudtalk.callDetails(callId);
    expect(found).toMatchObject({ withheld: true });
    for (const absent of ["talkingSeconds", "cloudtalkContactId", "externalPhone", "agentId"]) {
      expect(found).not.toHaveProperty(absent);
    }
  });

  test("not known yet is not an error", async () => {
    reply = () => ({
      status: 404,
      json: { statusCode: 404, message: "Call with id '1' doesn't exist", error: "Not Found" },
    });
    expect(await cloudtalk.callDetails(callId)).toBeUndefined();
  });

  test("an answer without an id is of an unknown shape", async () => {
    reply = () => ({ json: { cdr_id: "N/A" } });
    expect(await failure(cloudtalk.callDetails(callId))).toMatchObject({ consequence: "ambiguous" });
  });
});

describe("errors", () => {
  test("a 429 waits until the named moment, at least a second and at most a minute", async () => {
    for (const [reset, wait] of [
      [now / 1000 + 17, 17_000],
      [now / 1000 - 5, 1_000],
      [now / 1000 + 600, 60_000],
      [undefined, 60_000],
    ]) {
      const headers: Record<string, string> = reset === undefined ? {} : { "X-CloudTalkAPI-ResetTime": String(reset) };
      reply = () => ({ status: 429, json: {}, headers });
      const expected = { status: 429, consequence: "not-applied", retryAfterMs: wait };
      expect(await failure(cloudtalk.callDetails(callId))).toMatchObject(expected);
      expect(await failure(cloudtalk.recording(callId, new AbortController().signal))).toMatchObject(expected);
    }
  });

  test("messages in the hosts' shapes, and HTML instead of JSON", async () => {
    reply = () => ({ status: 406, json: { responseData: { status: 406, message: "Invalid input data." } } });
    expect((await failure(cloudtalk.contact(cloudtalkContactId.parse("1")))).message).toContain("Invalid input data.");
    reply = () => ({
      status: 400,
      json: { statusCode: 400, message: ["callId must be a number"], error: "Bad Request" },
    });
    expect((await failure(cloudtalk.callDetails(callId))).message).toContain("callId must be a number");
    reply = () => ({ status: 403, text: "<html>no</html>" });
    expect(await failure(cloudtalk.callDetails(callId))).toMatchObject({ consequence: "refused", status: 403 });
    reply = () => ({ status: 401, json: {} });
    expect(await failure(cloudtalk.callDetails(callId))).toMatchObject({ consequence: "unauthorised" });
  });
});

test("the call history, in the vendor's mixed types", async () => {
  const row = {
    Cdr: {
      ...{ id: "27", billsec: "0", type: "outgoing", public_external: 421904247371, public_internal: 421221291400 },
      ...{ recorded: true, is_voicemail: false, user_id: "1234", talking_time: "21", waiting_time: 2 },
      ...{ started_at: "2017-10-04T06:33:37.000Z", answered_at: "2017-10-04T06:33:37.000Z", ended_at: null },
    },
    Contact: {
      ...{ id: "1234", name: "Jon &amp; Doe", tags: [{ id: "615", name: "VIP &amp; more" }] },
      ...{ contact_numbers: [421904247371, "bad", "+421904247371"], contact_emails: ["Jon@First.com", null] },
    },
    Agent: { id: "1234", fullname: "Max Yellow", email: "max.yellow@cloudtalk.io" },
  };
  const missed = {
    Cdr: { id: 28, type: "incoming", talking_time: 0, user_id: null },
    Contact: { id: null },
    Agent: { id: null },
  };
  const rows = [row, missed, { Cdr: {} }, null];
  reply = () => ({ json: { responseData: { itemsCount: 4, pageCount: "3", pageNumber: 2, limit: 4, data: rows } } });
  const from = new Date("2017-10-04T00:00:00Z");
  const to = new Date("2017-10-05T12:34:56.789Z");
  expect(await cloudtalk.callHistory({ from, to, page: 2, limit: 4, externalPhone: "+421904247371" })).toEqual({
    pages: 3,
    rows: [
      {
        ...{
          callId: "27",
          direction: "outbound",
          talkingSeconds: 21,
          waitingSeconds: 2,
          voicemail: false,
          recorded: true,
        },
        ...{ startedAt: "2017-10-04T06:33:37.000Z", answeredAt: "2017-10-04T06:33:37.000Z", agentId: "1234" },
        ...{ cloudtalkContactId: "1234", externalPhone: "+421904247371", internalPhone: "+421221291400" },
        ...{ agentName: "Max Yellow", agentEmail: "max.yellow@cloudtalk.io", contactName: "Jon & Doe" },
        contact: {
          ...{ id: "1234", name: "Jon & Doe", phones: ["+421904247371"] },
          ...{ emails: ["jon@first.com"], tags: ["VIP & more"] },
        },
      },
      { callId: "28", direction: "inbound", talkingSeconds: 0 },
    ],
  });
  expect(Object.fromEntries(seen[0]?.query ?? [])).toEqual({
    ...{ date_from: "2017-10-04 00:00:00", date_to: "2017-10-05 12:34:56", page: "2", limit: "4" },
    public_external: "421904247371",
  });
});

describe("recordings", () => {
  const { signal } = new AbortController();

  test("the audio arrives as it comes", async () => {
    let finish = () => {};
    reply = () => (response) => {
      response.writeHead(200, { "content-type": "audio/x-wav", "content-length": "8" });
      response.write("RIFF");
      finish = () => response.end("data");
    };
    const found = await cloudtalk.recording(callId, signal);
    if (!("body" in found)) throw new Error("no audio");
    expect(found).toMatchObject({ contentType: "audio/x-wav", contentLength: 8 });
    finish();
    expect(await new Response(found.body).text()).toBe("RIFFdata");
    expect(seen[0]?.path).toBe("/my/api/calls/recording/12345.json");
    expect(operations).toEqual(["calls.recording"]);
  });

  test("not yet, gone, and broken", async () => {
    reply = () => ({ status: 404, json: { responseData: { status: 404, message: "Not found." } } });
    expect(await cloudtalk.recording(callId, signal)).toEqual({ notYet: true });
    reply = () => ({ status: 410, json: { responseData: { status: 410, message: "Recording expired." } } });
    expect(await cloudtalk.recording(callId, signal)).toEqual({ gone: true });
    reply = () => ({ status: 503, text: "" });
    expect(await failure(cloudtalk.recording(callId, signal))).toMatchObject({
      status: 503,
      operation: "calls.recording",
    });
    reply = () => (response) => response.destroy();
    expect(await failure(cloudtalk.recording(callId, signal))).toMatchObject({ consequence: "not-applied" });
  });

  test("stopping stops", async () => {
    const stop = new AbortController();
    reply = () => () => stop.abort();
    expect(await failure(cloudtalk.recording(callId, stop.signal))).toMatchObject({ consequence: "not-applied" });
  });
});

describe("contacts", () => {
  const shown = (id: string, ...numbers: unknown[]) => ({
    json: {
      responseData: {
        Contact: { id, name: "Tom &amp; Ann", company: "Example", zip: null, favorite_agent: null },
        ContactEmail: [{ email: "Jane@Example.com", contact_id: id }, { email: null }],
        ContactNumber: numbers.map((public_number) => ({ public_number, contact_id: id })),
        Tag: [{ name: "Mancata &amp; Risposta" }],
        ExternalUrl: null,
        ContactAttribute: [{ attribute_id: "10133", title: "External ID", value: "abc234" }],
      },
    },
  });

  test("the real answer, whose relations differ from the document", async () => {
    reply = () => shown("1400000001", "+12025550143", 442012345678, "bad");
    expect(await cloudtalk.contact(cloudtalkContactId.parse("1400000001"))).toEqual({
      ...{ id: "1400000001", name: "Tom & Ann", company: "Example", phones: ["+12025550143", "+442012345678"] },
      ...{ emails: ["jane@example.com"], tags: ["Mancata & Risposta"], externalUrls: [] },
      attributes: [{ attributeId: "10133", title: "External ID", value: "abc234" }],
      otherNumbers: ["bad"],
    });
    expect(seen[0]?.path).toBe("/my/api/contacts/show/1400000001.json");
  });

  test("the documented answer, and one whose relations are single objects", async () => {
    const ContactsTag = [{ name: "vip" }];
    const ContactNumber = { public_number: 442012345678 };
    const ExternalUrl = [{ name: "CRM", url: "https://crm.example/1" }];
    reply = () => ({ json: { responseData: { Contact: { id: 5 }, ContactsTag, ContactNumber, ExternalUrl } } });
    expect(await cloudtalk.contact(cloudtalkContactId.parse("5"))).toMatchObject({
      ...{ id: "5", tags: ["vip"], phones: ["+442012345678"], externalUrls: ExternalUrl, emails: [] },
    });
  });

  test("a contact that is gone is undefined", async () => {
    reply = () => ({ status: 404, json: { responseData: { status: 404, message: "Not found." } } });
    expect(await cloudtalk.contact(cloudtalkContactId.parse("5"))).toBeUndefined();
  });

  const list = (...ids: string[]) => ({
    json: {
      responseData: { pageCount: 1, data: ids.map((id) => ({ Contact: { id }, ContactNumber: { public_number: 1 } })) },
    },
  });

  test("only exact numbers match, the second number of a contact included", async () => {
    reply = ({ path }) => {
      if (path.endsWith("index.json")) return list("1", "2", "3", "1");
      if (path.endsWith("/1.json")) return shown("1", "+442012345678", 12025550143);
      return path.endsWith("/2.json") ? shown("2", "+442025550143") : { status: 404, json: {} };
    };
    const found = await cloudtalk.findContactsByPhone("+12025550143");
    expect(found.map(({ id }) => id)).toEqual(["1"]);
    expect(operations).toEqual(["contacts.search", "contacts.show", "contacts.show", "contacts.show"]);
    expect(seen[0]?.query.get("keyword")).toBe("+12025550143");
  });

  test("numbers that are stored without a plus are found, and nobody is nobody", async () => {
    reply = ({ path, query }) => {
      if (!path.endsWith("index.json")) return shown("7", 12025550143);
      return query.get("keyword") === "12025550143" ? list("7") : list();
    };
    expect(await cloudtalk.findContactsByPhone("+12025550143")).toMatchObject([{ id: "7" }]);
    reply = () => ({ json: { responseData: { itemsCount: 0, pageCount: 0, data: null } } });
    expect(await cloudtalk.findContactsByPhone("+12025550143")).toEqual([]);
  });

  test("a new contact is sent from an allow-list and its id is read where it is", async () => {
    reply = () => ({ status: 201, json: { responseData: { status: 201, data: { id: "12345" } } } });
    const id = await cloudtalk.createContact({
      ...{ name: "x".repeat(200), phones: ["+12025550143"], emails: ["jane@example.com"] },
      externalUrl: { name: "GoHighLevel", url: "https://crm.example/contacts/abc" },
    });
    expect(id).toBe("12345");
    expect(seen[0]).toMatchObject({ method: "PUT", path: "/my/api/contacts/add.json" });
    expect(seen[0]?.body).toEqual({
      ...{ name: "x".repeat(150), ContactEmail: [{ email: "jane@example.com" }] },
      ContactNumber: [{ public_number: "+12025550143" }],
      ExternalUrl: [{ name: "GoHighLevel", url: "https://crm.example/contacts/abc" }],
    });
  });

  test("a success that names no id may have created the contact", async () => {
    for (const data of [undefined, {}, { id: "" }]) {
      reply = () => ({ status: 201, json: { responseData: { status: 201, data } } });
      const promise = cloudtalk.createContact({ name: "Jane", phones: [], emails: [] });
      expect(await failure(promise)).toMatchObject({ consequence: "ambiguous" });
    }
  });
});
