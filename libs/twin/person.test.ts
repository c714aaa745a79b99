import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientOf, receiver, standingClock } from "./test-client.ts";
import { startTwin, type Twin } from "./twin.ts";

const clock = standingClock();
let inbox: Awaited<ReturnType<typeof receiver>>;
let twin: Twin;
let [david, ada] = ["", ""];
let [cloudtalkDavid, cloudtalkAda] = ["", ""];

beforeEach(async () => {
  inbox = await receiver();
  twin = await startTwin({ settings: { webhookTarget: inbox.url }, now: clock.now });
  [david = "", ada = ""] = twin.control.seeded().people.map(({ ghlContactId }) => ghlContactId);
  [cloudtalkDavid = "", cloudtalkAda = ""] = twin.control.seeded().people.map((one) => one.cloudtalkContactId);
});
afterEach(async () => {
  await twin.close();
  await inbox.close();
});

const told = () => inbox.deliveries.map(({ path, body }) => body.type ?? body.event_type ?? path.split("/").at(-1));

describe("somebody in GHL", () => {
  it("changes everything that an update through the API cannot, and the app tells of each change", async () => {
    const { inGhl } = twin.control;
    const [additionalPhones, additionalEmails] = [["+12025550190"], ["dave@home.example"]];
    await inGhl.edit(david, { phone: "+12025550149", companyName: "Customer Ltd", additionalPhones, additionalEmails });
    await inGhl.tag(david, ["VIP"]);
    await inGhl.untag(david, ["vip"]);
    const note = await inGhl.note(david, "called");
    await inGhl.editNote(note, "called back");
    await inGhl.deleteNote(note);
    expect(told()).toEqual([
      ...["ContactUpdate", "ContactTagUpdate", "ContactTagUpdate", "NoteCreate", "NoteUpdate", "NoteDelete"],
    ]);
    expect(inbox.deliveries[0]?.body).toMatchObject({ id: david, phone: "+12025550149", companyName: "Customer Ltd" });
    expect(twin.control.contact(david)?.contact).toMatchObject({
      additionalPhones: [{ phone: "+12025550190" }],
      additionalEmails: [{ email: "dave@home.example" }],
      tags: [],
    });
    expect(twin.control.requestLog()).toEqual([]);
  });

  it("creates and deletes contacts", async () => {
    const id = await twin.control.inGhl.create({ name: "Eve New", phone: "+12025550188", tags: ["Lead"] });
    await twin.control.inGhl.remove(id, { report: "both" });
    expect(told()).toEqual(["ContactCreate", "ContactDelete"]);
    expect(inbox.deliveries.map(({ body }) => body.id)).toEqual([id, id]);
    expect(twin.control.contact(id)).toBeUndefined();
  });

  it("merges two contacts: one is gone, and all it had is the other's", async () => {
    await twin.control.inGhl.tag(ada, ["Italy"], { report: "off" });
    await twin.control.inGhl.note(ada, "speaks Italian", { report: "off" });
    await twin.control.inGhl.merge({ kept: david, gone: ada });
    expect(told().sort()).toEqual(["ContactDelete", "ContactTagUpdate", "ContactUpdate"]);
    expect(twin.control.contact(ada)).toBeUndefined();
    expect(twin.control.contact(david)).toMatchObject({
      contact: {
        firstName: "David",
        phone: "+12025550143",
        tags: ["italy"],
        additionalPhones: [{ phone: "+393000000001" }],
      },
      notes: [{ body: "speaks Italian" }],
      opportunities: [{}, {}],
    });
  });

  it("does what gets lost, or is told twice with the same delivery id", async () => {
    await twin.control.inGhl.edit(david, { city: "Rome" }, { report: "off" });
    await twin.control.inGhl.edit(david, { city: "Milan" }, { report: "app", duplicates: 1 });
    expect(told()).toEqual(["ContactUpdate", "ContactUpdate"]);
    expect(inbox.deliveries[0]?.raw).toBe(inbox.deliveries[1]?.raw);
    expect(inbox.deliveries[0]?.body).toMatchObject({ city: "Milan" });
  });

  it("is refused what the screen refuses", async () => {
    await expect(twin.control.inGhl.edit(david, { shoeSize: 42 })).rejects.toThrow("shoeSize");
    await expect(twin.control.inGhl.edit("nobody", {})).rejects.toThrow("not found");
    await expect(twin.control.inGhl.merge({ kept: david, gone: david })).rejects.toThrow("refuses");
  });
});

describe("somebody in CloudTalk", () => {
  it("edits, tags and deletes contacts, and an automation names each change", async () => {
    const { inCloudTalk } = twin.control;
    const id = await inCloudTalk.create({ name: "Eve New", ContactNumber: [{ public_number: "+12025550188" }] });
    await inCloudTalk.edit(id, { title: "CEO", ContactEmail: [{ email: "eve@new.example" }] });
    await inCloudTalk.tag(id, ["VIP"]);
    await inCloudTalk.untag(id, ["VIP"], { duplicates: 1 });
    await inCloudTalk.note(id, "called");
    expect(twin.control.cloudtalkContact(id)).toMatchObject({
      contact: { details: { title: "CEO" } },
      notes: ["called"],
    });
    await inCloudTalk.remove(id);
    const updated = "contact.updated";
    expect(told()).toEqual(["contact.created", updated, updated, updated, updated, "contact.deleted"]);
    const person = { contact_id: Number(id), contact_name: "Eve New", contact_phone: 12025550188 };
    expect(inbox.deliveries[1]?.body).toEqual({ event_type: updated, ...person, contact_email: "eve@new.example" });
    expect(inbox.deliveries.at(-1)?.body).toMatchObject({ contact_id: Number(id), contact_name: null });
  });

  it("merges two contacts: numbers and tags are united, the newer value wins, calls follow", async () => {
    const { callId } = await twin.control.playCall({ from: "+393000000001" });
    await twin.control.inCloudTalk.tag(cloudtalkDavid, ["VIP"], { report: "off" });
    clock.move(1000);
    await twin.control.inCloudTalk.edit(cloudtalkAda, { company: "Rossi" }, { report: "off" });
    inbox.deliveries.splice(0);
    await twin.control.inCloudTalk.merge({ kept: cloudtalkDavid, gone: cloudtalkAda });
    expect(told().sort()).toEqual(["contact.deleted", "contact.updated"]);
    expect(twin.control.cloudtalkContact(cloudtalkAda)).toBeUndefined();
    expect(twin.control.cloudtalkContact(cloudtalkDavid)?.contact).toMatchObject({
      ...{ name: "Ada Rossi", details: { company: "Rossi" }, tags: ["VIP"] },
      numbers: ["+12025550143", "+393000000001"],
    });
    expect(twin.control.state().cloudtalk.calls.get(callId)?.contactId).toBe(cloudtalkDavid);
    await expect(twin.control.inCloudTalk.merge({ kept: cloudtalkDavid, gone: cloudtalkAda })).rejects.toThrow(
      "refuses",
    );
  });

  it("writes notes and tags on a call", async () => {
    const { callId, uuid } = await twin.control.playCall({ order: [] });
    await twin.control.inCloudTalk.noteCall(callId, "wants an offer");
    await twin.control.inCloudTalk.tagCall(callId, "Lead", { report: "off" });
    expect(inbox.deliveries.map(({ path, body }) => [path, body.note, body.call_uuid, body.call_id])).toEqual([
      ["/api/cloudtalk-webhooks/new-note", "wants an offer", uuid, Number(callId)],
    ]);
    expect(twin.control.state().cloudtalk.calls.get(callId)?.tags).toEqual([{ id: "1", name: "Lead" }]);
  });
});

describe("the API's own writes", () => {
  const echoed = async (write: () => Promise<unknown>) => {
    inbox.deliveries.splice(0);
    await write();
    await twin.control.settle();
    return told().sort();
  };

  it("come back by both families of webhooks, looking like anybody's", async () => {
    twin.control.configure({ echoWrites: "both" });
    const { ghl, core } = clientOf(twin);
    const { locationId } = { locationId: twin.credentials.ghlLocationId };
    const create = () => ghl("POST", "/contacts/", { locationId, phone: "+12025550188" });
    expect(await echoed(create)).toEqual(["ContactCreate", "new-contact"]);
    expect(await echoed(() => ghl("PUT", `/contacts/${david}`, { city: "Rome" }))).toEqual(["ContactUpdate"]);
    const overwrite = () => ghl("PUT", `/contacts/${david}`, { tags: ["Overwritten"] });
    expect(await echoed(overwrite)).toEqual(["ContactTagUpdate", "ContactUpdate", "new-tag"]);
    const tag = () => ghl("POST", `/contacts/${david}/tags`, { tags: ["VIP"] });
    expect(await echoed(tag)).toEqual(["ContactTagUpdate", "new-tag"]);
    expect(await echoed(tag)).toEqual([]);
    expect(await echoed(() => ghl("POST", `/contacts/${david}/notes`, { body: "x" }))).toEqual([
      "NoteCreate",
      "new-note",
    ]);
    expect(await echoed(() => ghl("DELETE", `/contacts/${david}`))).toEqual(["ContactDelete"]);

    const edit = `/contacts/edit/${cloudtalkDavid}.json`;
    expect(await echoed(() => core("POST", edit, { title: "CEO" }))).toEqual(["contact.updated"]);
    const tags = { tags: ["VIP"] };
    expect(await echoed(() => core("PUT", `/contacts/addTags/${cloudtalkDavid}.json`, tags))).toEqual([
      "contact.updated",
    ]);
    const bulk = [{ action: "delete_contact", command_id: "a", data: { id: Number(cloudtalkDavid) } }];
    expect(await echoed(() => core("POST", "/bulk/contacts.json", bulk))).toEqual(["contact.deleted"]);
  });
});

it("another process lets people work, too", async () => {
  const { twin: control } = clientOf(twin);
  const merge = { vendor: "ghl", operation: "screen.mergeContacts", params: { contactId: david }, body: { gone: ada } };
  expect((await control("POST", "/act", { ...merge, report: "app", duplicates: 1 })).body).toMatchObject({
    status: 200,
  });
  expect(told().filter((type) => type === "ContactDelete")).toHaveLength(2);
});
