import { type GhlContactId, ghlContactId } from "@callbridge/events";
import { VendorError } from "@callbridge/vendor";
import { describe, expect, test } from "vitest";
import { ghlContact } from "./contact.ts";
import { vendor } from "./vendor-server.ts";

const ada: GhlContactId = ghlContactId.parse("AdaContact0000000001");
const locationId = "Location000000000001";

async function failureOf(promise: Promise<unknown>): Promise<VendorError> {
  const error = await promise.then(
    () => new Error("it succeeded"),
    (cause: unknown) => cause,
  );
  if (error instanceof VendorError) return error;
  throw error;
}

test("a contact is read with all that is synced, empty values as absent ones", () => {
  const read = ghlContact.parse({
    ...{
      id: ada,
      companyName: " Rossi Ltd ",
      address1: "",
      city: null,
      state: "RM",
      postalCode: "00100",
      country: "IT",
    },
    ...{ website: 7, source: "form", assignedTo: "U1", dnd: false, timezone: "Europe/Rome" },
    ...{ dateAdded: "2026-11-22T10:00:00+01:00", dateUpdated: 1_795_338_000_000 },
  });
  expect(read).toEqual({
    ...{ id: ada, phones: [], emails: [], tags: [], customFields: [], companyName: "Rossi Ltd", state: "RM" },
    ...{ postalCode: "00100", country: "IT", source: "form", assignedTo: "U1", dnd: false, timezone: "Europe/Rome" },
    ...{ dateAdded: "2026-11-22T09:00:00.000Z", dateUpdated: "2026-11-22T09:00:00.000Z" },
  });
  expect(ghlContact.parse({ id: ada, dnd: "no", dateAdded: "soon", dateUpdated: null })).toMatchObject({
    ...{ id: ada, dnd: undefined, dateAdded: undefined, dateUpdated: undefined },
  });
});

describe("an update", () => {
  test("sends the fields that it names and nothing that GHL refuses or overwrites", async () => {
    const { ghl, seen } = await vendor({ [`PUT /contacts/${ada}`]: { json: { succeded: true } } });
    const wide = { companyName: "Rossi Ltd", tags: ["vip"], locationId, source: "x", phones: ["+12025550123"] };
    await ghl.updateContact(ada, { ...wide, firstName: "Ada", city: "", customFields: [{ id: "CF", value: ["a"] }] });
    expect(seen[0]?.json).toEqual({ firstName: "Ada", city: "", customFields: [{ id: "CF", field_value: ["a"] }] });
  });

  test("with somebody else's number is refused", async () => {
    const json = { statusCode: 400, message: "This location does not allow duplicated contacts." };
    const { ghl } = await vendor({ [`PUT /contacts/${ada}`]: { status: 400, json } });
    const error = await failureOf(ghl.updateContact(ada, { phone: "+12025550123" }));
    expect(error).toMatchObject({ consequence: "refused", status: 400 });
  });
});

test("a new contact may bring what an update may not: company, source and tags", async () => {
  const { ghl, seen } = await vendor({ "POST /contacts/": { status: 201, json: { contact: { id: ada } } } });
  const address = { address1: "Via Roma 1", city: "Roma", state: "RM", postalCode: "00100", country: "IT" };
  const customFields = [{ id: "CF", value: 8 }];
  const rest = { companyName: "Rossi Ltd", website: "rossi.example", source: "cloudtalk", tags: ["vip"] };
  await ghl.createContact({ email: "ada@rossi.example", ...address, ...rest, customFields });
  const fields = { ...address, ...rest, customFields: [{ id: "CF", field_value: 8 }] };
  expect(seen[0]?.json).toEqual({ locationId, email: "ada@rossi.example", ...fields });
});

describe("tags", () => {
  test("are added and removed by name, in lower case and once, with a body in both directions", async () => {
    const path = `/contacts/${ada}/tags`;
    const answers = { [`POST ${path}`]: { status: 201, json: { tags: ["vip"] } }, [`DELETE ${path}`]: { json: {} } };
    const { ghl, seen, operations } = await vendor(answers);
    await ghl.addTags(ada, ["VIP", " vip ", "Call Back", ""]);
    await ghl.removeTags(ada, ["Old"]);
    await ghl.removeTags(ada, []);
    expect(seen.map(({ method, json }) => [method, json])).toEqual([
      ["POST", { tags: ["vip", "call back"] }],
      ["DELETE", { tags: ["old"] }],
    ]);
    expect(operations).toEqual(["contacts.addTags", "contacts.removeTags"]);
  });
});

describe("deleting a contact", () => {
  test("that is gone already is no error, however GHL says so", async () => {
    const gone = { status: 400, json: { statusCode: 400, message: `Contact with id ${ada} not found` } };
    await (await vendor({ [`DELETE /contacts/${ada}`]: gone })).ghl.deleteContact(ada);
    const absent = await vendor({});
    await absent.ghl.deleteContact(ada);
    expect(absent.seen).toHaveLength(1);
  });

  test("that fails otherwise is one", async () => {
    const { ghl } = await vendor({ [`DELETE /contacts/${ada}`]: { status: 403, json: { message: "no access" } } });
    expect(await failureOf(ghl.deleteContact(ada))).toMatchObject({ consequence: "refused", status: 403 });
  });
});

test("a contact is enrolled in a workflow, at once or from a moment on", async () => {
  const { ghl, seen } = await vendor({ [`POST /contacts/${ada}/workflow/W1`]: { json: { succeded: true } } });
  await ghl.addToWorkflow(ada, "W1");
  await ghl.addToWorkflow(ada, "W1", new Date("2026-11-23T09:00:00+01:00"));
  expect(seen.map(({ json }) => json)).toEqual([{}, { eventStartTime: "2026-11-23T08:00:00.000Z" }]);
});

describe("pages of contacts", () => {
  const row = (id: string, searchAfter?: unknown) => ({ id, searchAfter });

  test("that changed are asked for by instant and in order, and name where the next one begins", async () => {
    const contacts = [row("One", [1, "One"]), { broken: true }, row("Two", [2, "Two"])];
    const { ghl, seen } = await vendor({ "POST /contacts/search": { json: { contacts, total: 9 } } });
    const since = new Date("2026-11-22T09:00:00.000Z");
    const first = await ghl.contactsUpdatedSince({ since, limit: 3 });
    expect(first).toMatchObject({ contacts: [{ id: "One" }, { id: "Two" }], next: [2, "Two"], total: 9 });
    await ghl.contactsUpdatedSince({ since, limit: 3, after: first.next });
    const filters = [{ field: "dateUpdated", operator: "range", value: { gte: "2026-11-22T09:00:00.000Z" } }];
    const common = { locationId, pageLimit: 3, filters, sort: [{ field: "dateUpdated", direction: "asc" }] };
    expect(seen.map(({ json }) => json)).toEqual([
      { ...common, page: 1 },
      { ...common, searchAfter: [2, "Two"] },
    ]);
  });

  test("of all contacts go by number where GHL gives no cursor, and end with a page that is not full", async () => {
    const pages = [{ contacts: [row("One")] }, { contacts: [row("Two")] }, { contacts: [] }];
    const answers = pages.map((json) => ({ json }));
    const { ghl, seen } = await vendor({ "POST /contacts/search": answers });
    const found: string[] = [];
    for (let next: Parameters<typeof ghl.contactsPage>[0] | undefined = {}; next; ) {
      const page = await ghl.contactsPage({ ...next, limit: 1 });
      found.push(...page.contacts.map(({ id }) => id));
      next = page.next === undefined ? undefined : { after: page.next };
    }
    expect(found).toEqual(["One", "Two"]);
    const sort = [{ field: "dateAdded", direction: "asc" }];
    expect(seen.map(({ json }) => json)).toEqual([1, 2, 3].map((page) => ({ locationId, pageLimit: 1, page, sort })));
  });
});
