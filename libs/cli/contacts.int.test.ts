import { catalogue, type EventType, type NewEvent, stream } from "@callbridge/events";
import { type FreshLog, freshLog } from "@callbridge/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Capture, capture } from "./captured-run.ts";

let fresh: FreshLog;
let callbridge: Capture;
beforeEach(async () => {
  fresh = await freshLog();
  callbridge = capture(fresh);
});
afterEach(() => fresh.drop());

const phone = "+12025550143";
type Facts = Record<string, unknown>;
let told = 0;

async function tell(type: EventType, name: string, facts: Facts = {}): Promise<void> {
  told += 1;
  const now = new Date(Date.parse("2026-11-22T10:00:00Z") + told * 1_000);
  const event = {
    ...{ type, stream: name, key: { fact: `told:${told}` }, time: now.toISOString(), source: "test" },
    ...{ data: catalogue[type].data.parse(facts), personal: catalogue[type].personal.parse(facts) },
  } as NewEvent;
  await fresh.log.append({ now, events: [{ account: "default", event, cause: { correlationId: "test" } }] });
}

/** A call that waits for an answer. */
async function call(
  id: string,
  facts: Facts = {},
  unmatched: Facts = { because: "ambiguous", candidates: ["Ada", "Bob"] },
) {
  const name = stream.callByUuid(`uuid-${id}`);
  const about = { callUuid: `uuid-${id}`, callId: id, externalPhone: phone, contactName: "Ada Lovelace", ...facts };
  await tell("call.ended", name, about);
  await tell("call.identified", name, { ...about, outcome: "missed", direction: "inbound", because: "reports" });
  await tell("call.unmatched", name, unmatched);
}

const inbox = async () => (await callbridge.run("contacts", "inbox", "--json")).json() as Facts[];
const ofType = async (type: string) => (await fresh.log.after(0, 1_000)).filter((event) => event.type === type);

describe("the inbox", () => {
  test("shows a caller once, with all calls that wait, and nobody whose call cannot be anybody's", async () => {
    await call("1001", { cloudtalkContactId: "2002" });
    await call("1002", { cloudtalkContactId: "2002" });
    await call("1003", { externalPhone: "+12025550199" }, { because: "unknown-caller" });
    await call("1004", { withheld: true }, { because: "withheld" });
    expect(await inbox()).toMatchObject([
      { resolve: "2002", asked: { cloudtalkContactId: "2002" }, calls: 2, candidates: ["Ada", "Bob"] },
      { resolve: "1003", because: "unknown-caller", calls: 1, candidates: [] },
    ]);
  });

  test("shows names and numbers only to whoever asks for them", async () => {
    await call("1001");
    const { out } = await callbridge.run("contacts");
    expect(out).toContain("•••43");
    expect(out).not.toMatch(/Lovelace|2025550143/);
    const personal = await callbridge.run("contacts", "inbox", "--personal");
    expect(personal.out).toContain(`Ada Lovelace  ${phone}`);
  });

  test("shows an ambiguous record until it is linked by either side, settled or deleted", async () => {
    const question = { because: "several-in-ghl", candidates: ["Ada", "Bob"] };
    for (const id of ["2001", "2002", "2003", "2004"]) {
      await tell("contact.ambiguous", stream.cloudtalkContact(id), { cloudtalkContactId: id, ...question });
    }
    const link = { cloudtalkContactId: "2001", ghlContactId: "Ada", because: "phone" };
    await tell("contact.linked", stream.ghlContact("Ada"), link);
    await tell("contact.settled", stream.cloudtalkContact("2002"), { cloudtalkContactId: "2002" });
    await tell("contact.deleted", stream.cloudtalkContact("2003"), { cloudtalkContactId: "2003", side: "cloudtalk" });
    expect(await inbox()).toMatchObject([{ resolve: "2004", because: "several-in-ghl", calls: 0 }]);
    await tell("contact.unlinked", stream.cloudtalkContact("2001"), { ...link, because: "person" });
    expect((await inbox()).map(({ resolve }) => resolve)).toEqual(["2001", "2004"]);
  });
});

describe("resolve", () => {
  test("links the two records and gives the contact every call that waited, once", async () => {
    await call("1001", { cloudtalkContactId: "2002" });
    await call("1002", { cloudtalkContactId: "2002" });
    await call("1003");
    const dry = await callbridge.run("contacts", "resolve", "2002", "--ghl", "Ada", "--dry-run");
    expect(dry.out).toContain("Link CloudTalk contact 2002 with GoHighLevel contact Ada.\nGive 2 calls");
    expect(await ofType("contact.linked")).toEqual([]);

    const { code } = await callbridge.run("contacts", "resolve", "1001", "--ghl", "Ada");
    expect(code).toBe(0);
    expect(await ofType("contact.linked")).toMatchObject([{ key: "link:2002", data: { because: "person" } }]);
    const matched = { ghlContactId: "Ada", because: "person" };
    expect(await ofType("call.matched")).toMatchObject([
      { stream: "call:u:uuid-1001", data: matched },
      { stream: "call:u:uuid-1002", data: matched },
    ]);
    expect((await callbridge.run("contacts", "resolve", "2002", "--ghl", "Ada")).out).toContain("Nothing to do.");
    expect((await inbox()).map(({ resolve }) => resolve)).toEqual(["1003"]);
  });

  test("parts a former link first, and a later answer is a new link", async () => {
    await tell("contact.linked", stream.ghlContact("Ada"), {
      ...{ cloudtalkContactId: "2002", ghlContactId: "Ada", because: "phone" },
    });
    await callbridge.run("contacts", "resolve", "2002", "--ghl", "Bob");
    expect((await ofType("contact.unlinked")).map(({ stream: name }) => name)).toEqual([
      "contact:ct:2002",
      "contact:ghl:Ada",
    ]);
    expect((await ofType("contact.linked")).at(-1)).toMatchObject({
      key: "link:2002:1",
      data: { ghlContactId: "Bob" },
    });
  });

  test("of a second record of a person gives the calls, and leaves the person's link alone", async () => {
    await tell("contact.linked", stream.ghlContact("Ada"), {
      ...{ cloudtalkContactId: "2001", ghlContactId: "Ada", because: "phone" },
    });
    await call("1001", { cloudtalkContactId: "2002" });
    const { out } = await callbridge.run("contacts", "resolve", "2002", "--ghl", "Ada");
    expect(out).toContain("It is not linked, because Ada is linked with CloudTalk contact 2001.");
    expect(await ofType("contact.settled")).toMatchObject([{ data: { cloudtalkContactId: "2002", belongsTo: "Ada" } }]);
    expect(await ofType("call.matched")).toMatchObject([{ data: { ghlContactId: "Ada" } }]);
    expect(await inbox()).toEqual([]);
  });

  test("--none keeps a caller out of the inbox, with the calls that are still to come", async () => {
    await call("1001");
    await callbridge.run("contacts", "resolve", "1001", "--none");
    await call("1002");
    expect(await inbox()).toEqual([]);
    expect(await ofType("call.matched")).toEqual([]);
    await callbridge.run("contacts", "resolve", "1002", "--ghl", "Ada");
    expect((await ofType("call.matched")).length).toBe(2);
  });

  test.each([
    [2, "Say --ghl", ["2002"]],
    [2, "is no id of a GoHighLevel contact", ["2002", "--ghl", "2003"]],
    [1, "Nothing is known of 4711", ["4711", "--ghl", "Ada"]],
    [2, "a call and a contact", ["2002", "--ghl", "Ada"]],
  ])("ends with %d and says %s", async (code, said, words) => {
    await call("2002", { cloudtalkContactId: "2002" });
    const run = await callbridge.run("contacts", "resolve", ...words);
    expect([run.code, run.err]).toEqual([code, expect.stringContaining(said)]);
    expect(await ofType("call.matched")).toEqual([]);
  });
});

test("unlink parts the records in both streams, and refuses what is not linked", async () => {
  const link = { cloudtalkContactId: "2002", ghlContactId: "Ada", because: "phone" };
  await tell("contact.linked", stream.ghlContact("Ada"), link);
  expect((await callbridge.run("contacts", "resolve", "2002", "--none")).err).toContain("contacts unlink 2002");
  expect((await callbridge.run("contacts", "unlink", "2002", "--dry-run")).out).toContain("for good");
  expect(await ofType("contact.unlinked")).toEqual([]);
  expect((await callbridge.run("contacts", "unlink", "2002")).code).toBe(0);
  expect(await ofType("contact.unlinked")).toMatchObject([
    { data: { because: "person" } },
    { data: { because: "person" } },
  ]);
  expect((await callbridge.run("contacts", "unlink", "2002")).err).toContain("linked with nobody");
});
