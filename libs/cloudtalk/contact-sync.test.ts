import { cloudtalkContactId } from "@callbridge/events";
import { startTwin, type Twin } from "@callbridge/twin";
import { VendorError } from "@callbridge/vendor";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BulkAction, bulkAnswer } from "./bulk.ts";
import { type CloudTalk, createCloudTalk } from "./client.ts";
import { contactAnswer, contactRowsAnswer } from "./contact.ts";
import { tagsAnswer } from "./tags.ts";

const david = cloudtalkContactId.parse("1400000001");
const nobody = cloudtalkContactId.parse("1499999999");
let twin: Twin;
let cloudtalk: CloudTalk;

beforeEach(async () => {
  twin = await startTwin({ settings: { searchLagMs: 0 } });
  const { cloudtalkKeyId: keyId, cloudtalkSecret: secret } = twin.credentials;
  const { cloudtalk: baseUrl, analytics: analyticsUrl } = twin.urls;
  cloudtalk = createCloudTalk({ keyId, secret, baseUrl, analyticsUrl });
});
afterEach(() => twin.close());

async function failure(promise: Promise<unknown>): Promise<VendorError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof VendorError)) throw new Error("not a VendorError", { cause: error });
  return error;
}

const long = "x".repeat(300);
const address = { address: "1 First St", city: "New York", zip: "10001", state: "NY", countryId: "201" };

describe("a new contact", () => {
  test("brings texts, tags and attributes, each as long as CloudTalk takes it", async () => {
    const id = await cloudtalk.createContact({
      ...{ name: "Jane & <Co>", phones: ["+12025550144"], emails: ["jane@co.example"], tags: ["VIP", "call back"] },
      ...{ title: "CTO", company: long, industry: "IT", website: "https://co.example", ...address },
      attributes: [{ attributeId: "10133", value: long }],
      externalUrl: { name: "GoHighLevel, our customer database", url: "https://crm.example/contacts/1?a=1&b=2" },
    });
    const { created, modified, ...read } = (await cloudtalk.contact(id)) ?? {};
    expect(read).toEqual({
      ...{ id, name: "Jane & <Co>", phones: ["+12025550144"], emails: ["jane@co.example"], tags: ["VIP", "call back"] },
      ...{ title: "CTO", company: "x".repeat(100), industry: "IT", website: "https://co.example", ...address },
      attributes: [{ attributeId: "10133", title: "External ID", value: "x".repeat(255) }],
      externalUrls: [{ name: "GoHighLevel, our customer data", url: "https://crm.example/contacts/1?a=1&b=2" }],
    });
    expect(created).toMatch(/^20.*Z$/);
    expect(modified).toBe(created);
  });
});

describe("an edit", () => {
  test("sets what it names, leaves the rest, and does not escape what CloudTalk escapes", async () => {
    await cloudtalk.addTags(david, ["vip"]);
    await cloudtalk.editContact(david, { name: "Tom & Ann's", company: "A < B" });
    await cloudtalk.editContact(david, { title: "CEO", name: (await cloudtalk.contact(david))?.name });
    expect(await cloudtalk.contact(david)).toMatchObject({
      ...{ name: "Tom & Ann's", company: "A < B", title: "CEO", tags: ["vip"] },
      ...{ phones: ["+12025550143"], emails: ["david@customer.example"] },
    });
  });

  test("replaces each set that it names, with nothing when it is empty", async () => {
    const url = { name: "CRM", url: "https://crm.example/1" };
    const attributes = [{ attributeId: "10133", value: "a" }];
    await cloudtalk.editContact(david, { phones: ["+12025550149"], externalUrls: [url], attributes });
    expect(await cloudtalk.contact(david)).toMatchObject({
      ...{ phones: ["+12025550149"], emails: ["david@customer.example"], externalUrls: [url], attributes },
    });
    await cloudtalk.editContact(david, { emails: [], externalUrls: [], attributes: [], company: "" });
    expect(await cloudtalk.contact(david)).toMatchObject({
      ...{ phones: ["+12025550149"], emails: [], externalUrls: [], attributes: [], company: undefined },
    });
  });

  test("takes nothing that is not on its list, tags least of all", async () => {
    await cloudtalk.addTags(david, ["vip"]);
    const wide = { title: "CEO", tags: [], ContactsTag: [], ContactNumber: "" };
    await cloudtalk.editContact(david, wide);
    expect(await cloudtalk.contact(david)).toMatchObject({ title: "CEO", tags: ["vip"], phones: ["+12025550143"] });
  });

  test("of nobody, or with a bad number, is refused and changes nothing", async () => {
    expect(await failure(cloudtalk.editContact(nobody, { title: "x" }))).toMatchObject({ status: 404 });
    const bad = cloudtalk.editContact(david, { title: "x", phones: ["12025550143"] });
    expect(await failure(bad)).toMatchObject({ status: 406, consequence: "refused" });
    expect((await cloudtalk.contact(david))?.title).toBeUndefined();
  });
});

test("tags come and go one by one, as they are written, and are listed with their ids", async () => {
  await cloudtalk.addTags(david, ["VIP", " VIP ", "Follow & Up", ""]);
  await cloudtalk.removeTags(david, ["VIP"]);
  await cloudtalk.removeTags(david, []);
  expect((await cloudtalk.contact(david))?.tags).toEqual(["Follow & Up"]);
  const { rows, total } = await cloudtalk.tags();
  expect([rows.map(({ name }) => name), total]).toEqual([["VIP", "Follow & Up"], 2]);
  const tagged = await cloudtalk.contactsPage({ page: 1, tagId: rows[1]?.id });
  expect(tagged).toMatchObject({ rows: [{ id: david }], pages: 1, total: 1 });
  expect(await failure(cloudtalk.addTags(nobody, ["x"]))).toMatchObject({ status: 404 });
  expect(twin.control.requestLog()).toHaveLength(6);
});

test("deleting a contact that is gone already is no error", async () => {
  await cloudtalk.deleteContact(david);
  await cloudtalk.deleteContact(david);
  expect(await cloudtalk.contact(david)).toBeUndefined();
});

test("all contacts are listed page by page, with one number and one address each", async () => {
  const page = await cloudtalk.contactsPage({ page: 2, limit: 3 });
  const [phone, email] = ["+12025550178", "tom@ngo.example"];
  const row = { id: "1400000004", name: "Tom Ngo & Sons", company: undefined, phone, email };
  expect(page).toEqual({ rows: [row], pages: 2, total: 4 });
});

test("the attributes' definitions", async () => {
  expect(await cloudtalk.contactAttributes()).toEqual([
    { id: "10133", title: "External ID" },
    { id: "10135", title: "# di tentativi di chiamata" },
  ]);
});

describe("a bulk", () => {
  test("says of each action what became of it, failures included", async () => {
    const jane = { name: "Jane", phones: ["+12025550144"], emails: [] };
    const results = await cloudtalk.bulkContacts([
      { action: "add_contact", commandId: "a", contact: jane },
      { action: "edit_contact", commandId: "b", id: david, edit: { title: "CEO" } },
      { action: "edit_contact", commandId: "c", id: nobody, edit: { title: "CEO" } },
      { action: "add_contact", commandId: "d", contact: { ...jane, emails: ["jane"] } },
      { action: "add_note", commandId: "e", contactId: david, note: "Called", agentId: "400001" },
      { action: "edit_note", commandId: "f", contactId: david, noteId: "70001", note: "Called back" },
    ]);
    expect(results).toEqual([
      { commandId: "a", status: 201, id: "1400000005" },
      { commandId: "b", status: 200 },
      { commandId: "c", status: 404, message: "Not found." },
      { commandId: "d", status: 406, message: "Invalid input data. (email)" },
      { commandId: "e", status: 201, id: "70001" },
      { commandId: "f", status: 200 },
    ]);
    expect(twin.control.cloudtalkContact(david)).toMatchObject({
      contact: { details: { title: "CEO" } },
      notes: ["Called back"],
    });
    const undo: BulkAction[] = [
      { action: "delete_note", commandId: "a", noteId: "70001" },
      { action: "delete_contact", commandId: "b", id: david },
    ];
    expect((await cloudtalk.bulkContacts(undo)).map(({ status }) => status)).toEqual([200, 200]);
    expect(twin.control.cloudtalkContact(david)).toBeUndefined();
  });

  test("has at most ten actions, each with its own id, and none is none", async () => {
    const action = (id: number): BulkAction => ({ action: "delete_contact", commandId: String(id), id: nobody });
    await expect(cloudtalk.bulkContacts(Array.from({ length: 11 }, (_, id) => action(id)))).rejects.toThrow("10");
    await expect(cloudtalk.bulkContacts([action(1), action(1)])).rejects.toThrow("commandId");
    expect(await cloudtalk.bulkContacts([])).toEqual([]);
    expect(twin.control.requestLog()).toEqual([]);
  });

  test("that forgets an action in its answer leaves it unknown", async () => {
    const data = [{ command_id: 7, status: "200" }, { status: 200 }, null];
    expect([...bulkAnswer.parse({ responseData: { status: 200, data } }).values()]).toEqual([
      { commandId: "7", status: 200 },
    ]);
  });
});

test("rows are read in all their shapes", () => {
  const page = (...data: unknown[]) => ({ responseData: { itemsCount: "2", pageCount: 1, data } });
  const tags = page({ Tag: { id: "99", name: "A &amp; B" } }, { id: 98, name: "Bare" }, { Tag: {} }, null);
  expect(tagsAnswer.parse(tags).rows).toEqual([
    { id: "99", name: "A & B" },
    { id: "98", name: "Bare" },
  ]);
  const contact = { Contact: { id: 5, name: "Jane" }, ContactNumber: [{ public_number: 12025550144 }] };
  expect(contactRowsAnswer.parse(page(contact, { Contact: {} }))).toEqual({
    ...{ pages: 1, total: 2 },
    rows: [{ id: "5", name: "Jane", phone: "+12025550144" }],
  });
});

test("the times of a contact are instants, whatever its company's zone", () => {
  const Contact = { id: "5", created: "2025-09-25T10:47:44+02:00", modified: "2018-01-10 12:34:56" };
  expect(contactAnswer.parse({ responseData: { Contact } })).toMatchObject({
    created: "2025-09-25T08:47:44.000Z",
    modified: "2018-01-10T12:34:56.000Z",
  });
});
