import { type GhlContactId, ghlContactId } from "@callbridge/events";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGhl, type Ghl } from "./client.ts";
import type { GhlContactPage, GhlCursor } from "./contact-search.ts";

const startMs = Date.parse("2026-11-22T09:00:00.000Z");
let nowMs = startMs;
let twin: Twin;
let ghl: Ghl;
let people: GhlContactId[];
const since = new Date(startMs);
const searchLagMs = 2_000;

beforeEach(async () => {
  nowMs = startMs;
  twin = await startTwin({ settings: { searchLagMs }, now: () => new Date(nowMs) });
  const { ghlToken, ghlLocationId: locationId } = twin.credentials;
  ghl = createGhl({ token: () => ghlToken, locationId, baseUrl: twin.urls.ghl });
  people = twin.control.seeded().people.map((person) => ghlContactId.parse(person.ghlContactId));
});
afterEach(() => twin.close());

const person = (index: number) => people[index] ?? ghlContactId.parse("Nobody");
const ids = ({ contacts }: GhlContactPage) => contacts.map(({ id }) => id);

async function all(page: (after: GhlCursor | undefined) => Promise<GhlContactPage>): Promise<GhlContactId[][]> {
  const pages: GhlContactId[][] = [];
  let after: GhlCursor | undefined;
  do {
    const answer = await page(after);
    pages.push(ids(answer));
    after = answer.next;
  } while (after !== undefined);
  return pages;
}

describe("contacts that changed since an instant", () => {
  test("are those with any change, in its order, once the index has seen it", async () => {
    expect(await ghl.contactsUpdatedSince({ since })).toMatchObject({ contacts: [], next: undefined, total: 0 });
    await ghl.addTags(person(2), ["vip"]);
    nowMs += 1_000;
    await twin.control.inGhl.edit(person(0), { companyName: "Customer Ltd" });
    expect(ids(await ghl.contactsUpdatedSince({ since }))).toEqual([]);
    nowMs += searchLagMs;
    const { contacts, total } = await ghl.contactsUpdatedSince({ since });
    expect(contacts).toMatchObject([
      { id: person(2), tags: ["vip"], dateUpdated: "2026-11-22T09:00:00.000Z" },
      { id: person(0), companyName: "Customer Ltd", dateUpdated: "2026-11-22T09:00:01.000Z" },
    ]);
    expect(total).toBe(2);
    expect(ids(await ghl.contactsUpdatedSince({ since: new Date(startMs + 1) }))).toEqual([person(0)]);
    await ghl.deleteContact(person(2));
    nowMs += searchLagMs;
    expect(ids(await ghl.contactsUpdatedSince({ since }))).toEqual([person(0)]);
  });

  test("come again behind the cursor when they change while their pages are read", async () => {
    for (const id of people) await ghl.updateContact(id, { city: "Rome" });
    nowMs += searchLagMs;
    const first = await ghl.contactsUpdatedSince({ since, limit: 3 });
    expect(ids(first)).toEqual(people.slice(0, 3));
    await ghl.updateContact(person(2), { city: "Milan" });
    nowMs += searchLagMs;
    const second = await ghl.contactsUpdatedSince({ since, limit: 3, after: first.next });
    expect(second).toMatchObject({ contacts: [{ id: person(3) }, { id: person(2), city: "Milan" }], next: undefined });
  });
});

describe("all contacts", () => {
  test("are paged through by cursor, those that are added meanwhile included", async () => {
    twin.control.addPeople(3);
    const pages = await all(async (after) => {
      const page = await ghl.contactsPage({ after, limit: 3 });
      if (after === undefined) await ghl.createContact({ firstName: "Eve", email: "eve@new.example", source: "test" });
      nowMs += searchLagMs;
      return page;
    });
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 2]);
    expect(new Set(pages.flat()).size).toBe(8);
  });

  test("go beyond the 10,000 that page numbers reach", async () => {
    twin.control.addPeople(10_100);
    const last = await ghl.contactsPage({ after: 20, limit: 500 });
    const beyond = await ghl.contactsPage({ after: last.next, limit: 500 });
    expect(beyond).toMatchObject({ next: undefined, total: 10_104 });
    expect(beyond.contacts).toHaveLength(104);
    await expect(ghl.contactsPage({ after: 21, limit: 500 })).rejects.toThrow("searchAfter");
  });
});

test("a contact lives from creation to deletion, and is what was written", async () => {
  const made = await ghl.createContact({
    ...{ name: "Eve New", email: "eve@new.example", source: "cloudtalk", tags: ["VIP"], companyName: "New Ltd" },
    ...{ address1: "Via Roma 1", city: "Rome", postalCode: "00100", country: "IT", timezone: "Europe/Rome" },
  });
  await ghl.removeTags(made.id, ["Vip"]);
  await ghl.addTags(made.id, ["Call Back"]);
  await ghl.updateContact(made.id, { lastName: "Newer", phone: "+12025550188", website: "https://new.example" });
  await ghl.addToWorkflow(made.id, "W1", new Date(startMs));
  expect(await ghl.contact(made.id)).toMatchObject({
    ...{ name: "Eve Newer", phones: ["+12025550188"], emails: ["eve@new.example"], tags: ["call back"] },
    ...{ companyName: "New Ltd", city: "Rome", country: "IT", website: "https://new.example", source: "cloudtalk" },
    ...{ dnd: false, dateAdded: since.toISOString() },
  });
  expect(twin.control.contact(made.id)?.workflows).toMatchObject([{ workflowId: "W1" }]);
  await ghl.deleteContact(made.id);
  await ghl.deleteContact(made.id);
  expect(await ghl.contact(made.id)).toBeUndefined();
});

test("additional numbers and addresses are read from a contact and from search", async () => {
  const additional = { additionalPhones: ["+12025550190"], additionalEmails: ["dave@home.example"] };
  await twin.control.inGhl.edit(person(0), additional);
  nowMs += searchLagMs;
  const both = { phones: ["+12025550143", "+12025550190"], emails: ["david@customer.example", "dave@home.example"] };
  expect(await ghl.contact(person(0))).toMatchObject(both);
  expect((await ghl.contactsUpdatedSince({ since })).contacts).toMatchObject([both]);
});
