import { request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endpoints } from "./endpoints.ts";
import { bytesOf, credentials, type Ingress, openIngress, secrets } from "./given.ts";
import { receive } from "./receive.ts";

let ingress: Ingress;
beforeAll(async () => {
  ingress = await openIngress();
});
afterAll(() => ingress.close());

const callEnded = "/api/cloudtalk-webhooks/call-ended";
const newNote = "/api/ghl-webhooks/new-note";
const newContact = "/api/ghl-webhooks/new-contact";
const contactUpdated = "/api/cloudtalk-webhooks/contact-updated";
const contact_id = "AdaContact0000000001";
const depth = 100_000;
const deepObject = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
const wide = (characters: number) => "漢".repeat(characters);

describe("nothing is refused for its shape", () => {
  const bodies: [what: string, path: string, body: unknown, verdict: string][] = [
    ["a note with a quote", newNote, `{"contact_id":"${contact_id}","note":"He said "no" to it"}`, "parked"],
    ["a note with a line break", newNote, `{"contact_id":"${contact_id}","note":"one\ntwo"}`, "parked"],
    ["half a body", callEnded, '{"call_id": 5', "parked"],
    ["plain words", callEnded, "hello", "parked"],
    ["an empty body", callEnded, "", "ignored"],
    ["blanks", newNote, " \n ", "ignored"],
    ["null", callEnded, "null", "parked"],
    ["a number", callEnded, "5", "parked"],
    ["a text", newNote, '"hello"', "parked"],
    ["true", newNote, "true", "parked"],
    ["an empty object", newContact, {}, "ignored"],
    ["a list of events", newContact, [{ contact_id }, { contact_id }], "parked"],
    ["a list of lists", callEnded, "[".repeat(depth) + "]".repeat(depth), "parked"],
    ["an object of objects", callEnded, deepObject, "parked"],
    ["a contact with an object of objects", newContact, `{"contact_id":"deep1","more":${deepObject}}`, "accepted"],
    ["a body of 900 kB", callEnded, { call_id: 901, note: "x".repeat(900_000) }, "accepted"],
    ["900 kB of nonsense", newNote, "x".repeat(900_000), "parked"],
    ["NUL characters", newNote, { contact_id: "nul1", note: "a\u0000b", first_name: "\u0000" }, "accepted"],
    ["NUL characters alone", callEnded, "\u0000\u0000", "parked"],
    ["half a surrogate pair", newNote, { contact_id: "half1", note: "\ud800" }, "accepted"],
    ["bytes that are no UTF-8", callEnded, Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]), "parked"],
    ["a byte order mark", callEnded, '\ufeff{"call_id":902}', "accepted"],
    ["keys that JavaScript knows", callEnded, '{"__proto__":{"call_id":1},"constructor":1,"call_id":903}', "accepted"],
    ["a test of the connection", callEnded, { test: true }, "ignored"],
    ["unresolved placeholders", callEnded, { call_id: "{{Call_id}}", external_number: "" }, "parked"],
    ["what no vendor sends", newContact, { hello: "world", contact: [1, 2] }, "parked"],
  ];

  test.each(bodies)("%s has its verdict and is kept byte for byte", async (what, path, body, verdict) => {
    const own = ingress.as(what);
    const answer = await own.post(path, body);
    expect(answer).toMatchObject({ status: 202, verdict });
    expect(answer.eventIds).toHaveLength(verdict === "accepted" ? (await own.events()).length : 0);
    if (verdict !== "accepted") expect(answer.because).toBeTruthy();
    const [delivery, ...others] = await own.inbox();
    expect(others).toEqual([]);
    expect(delivery?.verdict).toBe(verdict);
    expect(delivery?.body.equals(bytesOf(body))).toBe(true);
  });

  test.each([
    "application/json; charset=utf-8",
    "text/plain",
    "application/octet-stream",
    "json",
    "",
    ";;;",
    "application/json, text/plain",
    "é",
  ])("JSON is read whatever its Content-Type says: %j", async (type) => {
    const own = ingress.as(`type ${type}`);
    const headers = { ...credentials(callEnded, Buffer.alloc(0)), "content-type": type };
    expect((await own.post(callEnded, { call_id: 5 }, headers)).verdict).toBe("accepted");
    expect((await own.inbox())[0]?.headers["content-type"]).toBe(type);
  });

  test.each(["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"])(
    "a form is read like JSON: %s",
    async (type) => {
      const own = ingress.as(type);
      const headers = { ...credentials(callEnded, Buffer.alloc(0)), "content-type": type };
      const form = "call_id=904&agent[name]=Ada+Lovelace&external_number=%2B393000000001";
      expect((await own.post(callEnded, form, headers)).verdict).toBe("accepted");
      expect((await own.events())[0]).toMatchObject({
        stream: "call:n:904",
        personal: { agentName: "Ada Lovelace", externalPhone: "+393000000001" },
      });
    },
  );

  test("above the limit it is refused, and the answer names the limit", async () => {
    const own = ingress.as("too large");
    const just = (bytes: number) => `"${"x".repeat(bytes - 2)}"`;
    expect((await own.post(callEnded, just(1_048_576))).status).toBe(202);
    const answer = await own.post(callEnded, just(1_048_577));
    expect([answer.status, answer.error]).toEqual([413, expect.stringContaining("1048576 bytes")]);
    expect(await own.inbox()).toHaveLength(1);
  });
});

describe("what no event can hold is parked instead of being sent again for ever", () => {
  const tags = Array.from({ length: 50 }, (_, index) => `${index}${wide(148)}`);
  const emails = Array.from({ length: 20 }, (_, index) => `${index}${wide(290)}@x`);
  const updated_fields = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}`, wide(290)]));
  test.each([
    ["a date before the year 1", newContact, { contact_id, date_created: "0000-01-01T00:00:00Z" }, "database"],
    ["more than 64 KiB", contactUpdated, { contact_id: 5, tags, emails, updated_fields }, "65536 bytes"],
  ])("%s", async (what, path, body, because) => {
    const own = ingress.as(what);
    const answer = await own.post(path, body);
    expect(answer).toMatchObject({ status: 202, verdict: "parked", eventIds: [] });
    expect(answer.because).toContain(because);
    const [delivery] = await own.inbox();
    expect(delivery).toMatchObject({ verdict: "parked", because: answer.because, body: bytesOf(body) });
  });

  test("a body that a defect of ours cannot read, with the defect for those who should see it", async () => {
    const own = ingress.as("defect");
    const defect = new Error("a defect");
    const hash = () => {
      throw defect;
    };
    const { log, keyring } = own.platform;
    const receipt = await receive(
      { path: "/ghl-webhooks/new-tag", vendor: "ghl", name: "new-tag" },
      {
        ...{ name: "defect", cloudtalkSecrets: [], ghlSecrets: [], svixSecrets: [], ghlPublicKeys: [] },
        ...{ ghlLocationId: undefined, defaultCountry: undefined },
      },
      { headers: {}, contentType: "", rawBody: bytesOf({ contact_id, tag: "vip" }) },
      { log, keyring: { ...keyring, hash }, now: own.clock.now },
    );
    expect(receipt).toMatchObject({ verdict: "parked", eventIds: [], defect });
    expect((await own.inbox()).map((delivery) => delivery.verdict)).toEqual(["parked"]);
  });

  test.each(["a\u0000b", "a\ud800b", "w".repeat(5_000)])("a webhookId that no index can hold is none", async (id) => {
    const body = { type: "NoteCreate", contactId: contact_id, body: "Hello", webhookId: id };
    expect((await ingress.as(`id ${id.length}`).post("/api/ghl-webhooks", body)).status).toBe(202);
  });
});

test("over a real connection: chunks without a length, a broken Content-Type, and an end in the middle", async () => {
  const own = ingress.as("real");
  const url = new URL(callEnded, await own.app.listen({ port: 0, host: "127.0.0.1" }));
  const headers = { authorization: `Bearer ${secrets.cloudtalk[0]}` };
  const send = (type: Record<string, string>, parts: string[]) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(url, { method: "POST", headers: { ...headers, ...type } });
      sent.on("response", (response) => resolve(response.resume().statusCode)).on("error", reject);
      for (const part of parts) sent.write(part);
      sent.end();
    });
  expect(await send({}, ['{"call_', 'id":905}'])).toBe(202);
  expect(await send({ "content-type": "json" }, ['{"call_id":906}'])).toBe(202);
  const brokenOff = request(url, { method: "POST", headers: { ...headers, "content-length": "100" } });
  const gone = new Promise((resolve) => brokenOff.on("error", resolve).on("close", resolve));
  brokenOff.write('{"call_id":907}', () => brokenOff.destroy());
  await gone;
  expect(await send({}, [""])).toBe(202);
  expect((await own.inbox()).map((delivery) => delivery.body.toString())).toEqual([
    ...['{"call_id":905}', '{"call_id":906}', ""],
  ]);
  await own.app.close();
});

describe("whatever comes", () => {
  const names = [
    ...["call_id", "Call_uuid", "external_number", "contact_id", "contact_phone", "agent_id", "id", "direction"],
    ...["started_at", "ended_at", "talking_time", "recording_url", "status", "tag_name", "tags", "note", "transcript"],
    ...["updated_fields", "event_type", "action", "type", "email", "data", "contact", "event_id", "occurred_at"],
    ...["customData", "phone", "pipleline_stage", "stage", "opportunity", "webhookId", "date_created", "dateAdded"],
    ...["timestamp", "body", "contactId", "location", "full_name"],
  ];
  const telling = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.string({ unit: "binary" }),
    fc.constantFrom<unknown>(contact_id, 393001234567, "+393001234567", "call.ended", "ContactUpdate", "NoteCreate"),
    fc.constantFrom("0000-01-01", "9999-12-31T23:59:59-23:00", "\u0000", "\ud800", "[object Object]", wide(9_000)),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  );
  const template = fc.dictionary(fc.constantFrom(...names), telling, { maxKeys: 12 });
  const body = fc.oneof(
    template.map((fields) => Buffer.from(JSON.stringify(fields))),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
    fc.json().chain((json) => fc.nat(json.length).map((length) => Buffer.from(json.slice(0, length)))),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
  );
  const path = fc.constantFrom(...endpoints.map((endpoint) => `/api${endpoint.path}`));
  const type = fc.oneof(
    fc.constantFrom("application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"),
    fc.string(),
  );

  test("any bytes on any endpoint are stored with a verdict, and every event of them can be read again", async () => {
    const own = ingress.as("anything");
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(path, body, type, async (path, given, type) => {
        // Svix signs text, so no signed body of CloudTalk's is anything but UTF-8.
        const bytes = path === "/api/cloudtalk-webhooks" ? Buffer.from(given.toString()) : given;
        const headers = { ...credentials(path, bytes), "content-type": type.replace(/[^ -~]/g, "") };
        const answer = await own.post(path, bytes, headers);
        sent += 1;
        expect(answer.status).toBe(202);
        expect(["accepted", "duplicate", "ignored", "parked"]).toContain(answer.verdict);
      }),
      { numRuns: 500 },
    );
    const [events, stored] = [await own.events(), await own.inbox()];
    expect(stored).toHaveLength(sent);
    expect(stored.map((delivery) => delivery.verdict)).toEqual(expect.arrayContaining(["accepted", "parked"]));
    expect(events.length).toBeGreaterThan(0);
  });

  test("any request without credentials is refused and leaves nothing", async () => {
    const own = ingress.as("strangers");
    await fc.assert(
      fc.asyncProperty(path, body, fc.string(), async (path, bytes, token) => {
        const url = `${path}?token=${encodeURIComponent(token.toWellFormed())}`;
        expect((await own.post(url, bytes, {})).status).toBe(401);
      }),
      { numRuns: 200 },
    );
    expect(await own.inbox()).toEqual([]);
  });
});
