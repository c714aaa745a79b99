import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type GhlContactId, ghlContactId } from "@callbridge/events";
import { VendorError } from "@callbridge/vendor";
import { describe, expect, test } from "vitest";
import { createGhl } from "./client.ts";
import { vendor } from "./vendor-server.ts";

const ada: GhlContactId = ghlContactId.parse("AdaContact0000000001");
const phone = "+12025550123";
const locationId = "Location000000000001";

async function failureOf(promise: Promise<unknown>): Promise<VendorError> {
  const error = await promise.then(
    () => new Error("it succeeded"),
    (cause: unknown) => cause,
  );
  if (error instanceof VendorError) return error;
  throw error;
}

describe("every request", () => {
  test("carries the token, the endpoint's version, and passes the turnstile", async () => {
    const { ghl, seen, operations } = await vendor({
      [`GET /contacts/${ada}/notes`]: { json: { notes: [] } },
      "GET /conversations/search": { json: { conversations: [] } },
    });
    await ghl.notes(ada);
    await ghl.callMessages(ada);
    expect(seen.map(({ headers }) => headers)).toMatchObject([
      { authorization: "Bearer pit-test", version: "2021-07-28", accept: "application/json" },
      { authorization: "Bearer pit-test", version: "2021-04-15" },
    ]);
    expect(operations).toEqual(["notes.list", "conversations.search"]);
  });

  test.each([
    [{ "retry-after": "7", "x-ratelimit-interval-milliseconds": "10000" }, 7_000],
    [{ "x-ratelimit-interval-milliseconds": "10000" }, 10_000],
    [{ "x-ratelimit-daily-remaining": "0", "x-ratelimit-daily-reset": "5000000" }, 5_000_000],
    [{ "x-ratelimit-daily-remaining": "0" }, 3_600_000],
    [{}, undefined],
  ])("that is answered 429 with %j waits %s ms", async (headers, retryAfterMs) => {
    const json = { statusCode: 429, message: "Too Many Requests" };
    const { ghl } = await vendor({ "GET /users/": { status: 429, headers, json } });
    const error = await failureOf(ghl.users());
    expect(error).toMatchObject({ consequence: "not-applied", retryAfterMs });
  });

  test.each([
    [401, "unauthorised", { message: "version header was not found." }],
    [403, "refused", { message: "The token does not have access to this location." }],
    [422, "refused", { message: ["property foo should not exist", "x"], traceId: "t-1" }],
    [500, "ambiguous", undefined],
  ])("that is answered %s is %s", async (status, consequence, json) => {
    const { ghl } = await vendor({ [`POST /contacts/${ada}/notes`]: { status, json } });
    const error = await failureOf(ghl.createNote(ada, { body: "Hello" }));
    expect(error).toMatchObject({ status, consequence });
    if (status === 422) expect(error.message).toContain("property foo should not exist; x (trace t-1)");
  });

  test("that nobody listens to was not applied", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const ghl = createGhl({ token: () => "t", locationId, baseUrl: `http://127.0.0.1:${port}` });
    expect(await failureOf(ghl.users())).toMatchObject({ consequence: "not-applied" });
  });
});

describe("contacts by phone", () => {
  const found = (contacts: object[], duplicate: object | null) => ({
    "POST /contacts/search": { json: { contacts, total: contacts.length } },
    "GET /contacts/search/duplicate": { json: { contact: duplicate } },
  });
  const one = { id: ada, phone, firstName: "Ada", tags: ["lead"], customFields: [{ id: "CF", value: 8 }] };

  test("are asked for in both ways", async () => {
    const { ghl, seen } = await vendor(found([one], one));
    const { contacts, agree } = await ghl.findContactsByPhone(phone);
    expect(agree).toBe(true);
    expect(contacts).toEqual([
      expect.objectContaining({ id: ada, phones: [phone], firstName: "Ada", customFields: [{ id: "CF", value: 8 }] }),
    ]);
    const search = seen.find(({ method }) => method === "POST");
    expect(search?.json).toEqual({
      locationId,
      page: 1,
      pageLimit: 20,
      filters: [{ field: "phone", operator: "eq", value: phone }],
    });
    expect(seen.find(({ method }) => method === "GET")?.query).toEqual({ locationId, number: phone });
  });

  test("that hold another number are nobody", async () => {
    const stranger = { id: "Other", phone: "+12025550199" };
    const { ghl } = await vendor(found([stranger, { id: "None" }], stranger));
    expect(await ghl.findContactsByPhone(phone)).toEqual({ contacts: [], agree: true });
  });

  test("may hold it as an additional number, in either of its shapes", async () => {
    const second = { id: "Second", phone: "+12025550199", additionalPhones: [{ phone: "+1 (202) 555-0123" }] };
    const third = { id: "Third", phone: null, additionalPhones: [phone] };
    const { ghl } = await vendor(found([second, third], second));
    const { contacts, agree } = await ghl.findContactsByPhone(phone);
    expect([contacts.map(({ id }) => id), agree]).toEqual([["Second", "Third"], true]);
  });

  test("that only one of the two ways knows are returned with a disagreement", async () => {
    const lagging = await vendor(found([], one));
    expect(await lagging.ghl.findContactsByPhone(phone)).toMatchObject({ contacts: [{ id: ada }], agree: false });
    const blind = await vendor(found([one], null));
    expect(await blind.ghl.findContactsByPhone(phone)).toMatchObject({ contacts: [{ id: ada }], agree: false });
    const different = await vendor(found([one], { id: "Other", phone }));
    expect(await different.ghl.findContactsByPhone(phone)).toMatchObject({ contacts: [{}, {}], agree: false });
  });

  test("are verified by the contact itself when the look-up says no number", async () => {
    const { ghl } = await vendor({ ...found([], { id: ada }), [`GET /contacts/${ada}`]: { json: { contact: one } } });
    expect(await ghl.findContactsByPhone(phone)).toMatchObject({ contacts: [{ id: ada }], agree: false });
  });

  test("are nobody when the look-up answers 404", async () => {
    const { ghl } = await vendor({ "POST /contacts/search": { json: { contacts: [] } } });
    expect(await ghl.findContactsByPhone(phone)).toEqual({ contacts: [], agree: true });
  });
});

describe("a contact", () => {
  test("is undefined when GHL does not know it, however it says so", async () => {
    const notFound = { status: 400, json: { statusCode: 400, message: `Contact with id ${ada} not found` } };
    expect(await (await vendor({ [`GET /contacts/${ada}`]: notFound })).ghl.contact(ada)).toBeUndefined();
    expect(await (await vendor({})).ghl.contact(ada)).toBeUndefined();
  });

  test("is read from any shape", async () => {
    const odd = {
      id: ada,
      phone: "not a number",
      email: " a@example.com ",
      additionalEmails: [{ email: "b@example.com" }, 7],
      tags: null,
      customFields: [{ id: "A", fieldValue: ["x"] }, { id: "B", field_value: "y" }, "junk"],
    };
    const { ghl } = await vendor({ [`GET /contacts/${ada}`]: { json: { contact: odd } } });
    expect(await ghl.contact(ada)).toMatchObject({
      phones: ["not a number"],
      emails: ["a@example.com", "b@example.com"],
      tags: [],
      customFields: [
        { id: "A", value: ["x"] },
        { id: "B", value: "y" },
      ],
    });
  });

  const create = { phone, firstName: "Ada", source: "cloudtalk", tags: ["callbridge"], secret: "never sent" };

  test("is created with known fields only", async () => {
    const { ghl, seen } = await vendor({ "POST /contacts/": { status: 201, json: { contact: { id: ada } } } });
    expect(await ghl.createContact(create)).toEqual({ id: ada, existed: false });
    expect(seen[0]?.json).toEqual({
      locationId,
      phone,
      firstName: "Ada",
      source: "cloudtalk",
      tags: ["callbridge"],
    });
  });

  test("that exists already is the one that GHL names", async () => {
    const message = "This location does not allow duplicated contacts.";
    const json = { statusCode: 400, message, meta: { contactId: ada, matchingField: "email" } };
    const { ghl } = await vendor({ "POST /contacts/": { status: 400, json } });
    expect(await ghl.createContact(create)).toEqual({ id: ada, existed: true, matchedBy: "email" });
  });

  test("whose creation was answered 422 may exist, and the reason stays readable", async () => {
    const json = { statusCode: 422, message: ["property secret should not exist"] };
    const { ghl } = await vendor({ "POST /contacts/": { status: 422, json } });
    const error = await failureOf(ghl.createContact(create));
    expect(error).toMatchObject({ consequence: "ambiguous", status: 422 });
    expect(error.message).toMatch(/^ghl contacts\.create: 422 property secret should not exist \(GHL may/);
  });

  test("gets custom fields without any other field", async () => {
    const { ghl, seen } = await vendor({ [`PUT /contacts/${ada}`]: { json: { succeded: true } } });
    await ghl.setCustomFields(ada, [{ id: "CF", value: 8 }]);
    expect(seen[0]?.json).toEqual({ customFields: [{ id: "CF", field_value: 8 }] });
  });
});

describe("notes", () => {
  test("are listed in our words", async () => {
    const notes = [
      { id: "N1", body: "Hello", userId: null, title: "T", dateAdded: "2026-11-22T09:08:00.000Z", color: "#" },
    ];
    const { ghl } = await vendor({ [`GET /contacts/${ada}/notes`]: { json: { notes } } });
    expect(await ghl.notes(ada)).toEqual([
      { id: "N1", body: "Hello", title: "T", userId: undefined, dateAdded: "2026-11-22T09:08:00.000Z" },
    ]);
  });

  test.each([{ note: { id: "N1", body: "Hello" } }, { id: "N1", body: "Hello" }])(
    "created are known by %j",
    async (json) => {
      const { ghl, seen } = await vendor({ [`POST /contacts/${ada}/notes`]: { status: 201, json } });
      expect(await ghl.createNote(ada, { body: "Hello", title: "Call" })).toEqual({ id: "N1" });
      expect(seen[0]?.json).toEqual({ body: "Hello", title: "Call" });
    },
  );

  test("created without an id in the answer may exist", async () => {
    const { ghl } = await vendor({ [`POST /contacts/${ada}/notes`]: { status: 201 } });
    expect(await failureOf(ghl.createNote(ada, { body: "Hello" }))).toMatchObject({ consequence: "ambiguous" });
  });

  test("are updated in place", async () => {
    const { ghl, seen } = await vendor({ [`PUT /contacts/${ada}/notes/N1`]: { json: { note: { id: "N1" } } } });
    await ghl.updateNote(ada, "N1", { body: "New" });
    expect(seen[0]).toMatchObject({ method: "PUT", json: { body: "New" } });
  });
});

describe("the location", () => {
  test("lists its custom fields, users and pipelines", async () => {
    const field = { id: "CF", name: "Score", fieldKey: "contact.score", dataType: "NUMERICAL" };
    const { ghl, seen } = await vendor({
      [`GET /locations/${locationId}/customFields`]: { json: { customFields: [{ ...field, position: 1 }] } },
      "GET /users/": { json: { users: [{ id: "U", firstName: "Sam", lastName: "Lee", email: "Sam@Example.com" }] } },
      "GET /opportunities/pipelines": {
        json: { pipelines: [{ id: "P", name: "Sales", stages: [{ id: "S", name: "New", position: 0 }] }] },
      },
    });
    expect(await ghl.customFields()).toEqual([field]);
    expect(await ghl.users()).toEqual([{ id: "U", name: "Sam Lee", email: "sam@example.com" }]);
    expect(await ghl.pipelines()).toEqual([{ id: "P", name: "Sales", stages: [{ id: "S", name: "New" }] }]);
    expect(seen.map(({ query }) => query)).toEqual([{ model: "contact" }, { locationId }, { locationId }]);
  });

  test("gets a custom field of the contact", async () => {
    const field = { id: "CF", name: "Score", fieldKey: "contact.score", dataType: "NUMERICAL" };
    const path = `POST /locations/${locationId}/customFields`;
    const { ghl, seen } = await vendor({ [path]: { status: 201, json: { customField: field } } });
    expect(await ghl.createCustomField({ name: "Score", dataType: "NUMERICAL" })).toEqual(field);
    expect(seen[0]?.json).toEqual({ name: "Score", dataType: "NUMERICAL", model: "contact" });
  });
});
