import { type FreshLog, freshLog, until } from "@callbridge/testing";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askForImport, doneIn, finished, type Importer, startImporter } from "./importer.ts";

let twin: Twin;
let fresh: FreshLog;
const importers: Importer[] = [];
beforeEach(async () => {
  const limits = { cloudtalkOperationsMax: 10_000, ghlRequestsMax: 10_000 };
  twin = await startTwin({ settings: { ...limits, searchLagMs: 0, allowDuplicateContacts: true } });
  fresh = await freshLog();
});
afterEach(async () => {
  await Promise.all(importers.splice(0).map((importer) => importer.stop()));
  await twin.close();
  await fresh.drop();
});

/** Generous, so that no test waits for the budget. */
const limit = { limitMax: 10_000, windowMs: 1_000 };
const begin = (options: Parameters<typeof startImporter>[2] = {}) => {
  const importer = startImporter(twin, fresh, { limit, ...options });
  importers.push(importer);
  return importer;
};
const nothing = { found: 0, linkedBefore: 0, linked: 0, created: 0, ambiguous: 0, withoutNumber: 0, refused: {} };
const inCloudTalk = () => [...twin.control.state().cloudtalk.contacts.values()];
const inGhl = () => [...twin.control.state().ghl.contacts.values()];
const operations = () => twin.control.requests().vendors.cloudtalk?.operations ?? {};
/** People that only one side has. */
const onlyIn = (side: "ghl" | "cloudtalk", count: number) => {
  const people = twin.control.addPeople(count);
  const { cloudtalk, ghl } = twin.control.state();
  for (const { cloudtalkContactId, ghlContactId } of people) {
    if (side === "ghl") cloudtalk.contacts.delete(cloudtalkContactId);
    else {
      ghl.contacts.delete(ghlContactId);
      ghl.indexed.delete(ghlContactId);
    }
  }
  return people;
};
const numbers = () => inCloudTalk().flatMap((contact) => contact.numbers);
const isOnce = (items: readonly string[]) => new Set(items).size === items.length;

describe("an import from GHL", () => {
  test("makes what is not there in tens, links what is there, and counts all of it", async () => {
    onlyIn("ghl", 35);
    begin();
    expect(await finished(fresh, await askForImport(fresh, "ghl"))).toEqual({
      ...nothing,
      ...{ found: 39, linked: 4, created: 35 },
    });
    expect(inCloudTalk()).toHaveLength(39);
    expect(isOnce(numbers())).toBe(true);
    expect(operations()["bulk.contacts"]).toBeLessThanOrEqual(6);
    expect(operations()["contacts.add"]).toBeUndefined();
    // What was made whole is not read back to be compared: only those four were opened, by the import and by the comparison.
    expect(operations()["contacts.show"]).toBeLessThanOrEqual(4 * 4);
    const again = await finished(fresh, await askForImport(fresh, "ghl"));
    expect(again).toEqual({ ...nothing, found: 39, linkedBefore: 39 });
    expect(inCloudTalk()).toHaveLength(39);
  });

  test("reads nothing but the lists, and writes nothing, when it is only to count", async () => {
    onlyIn("ghl", 12);
    begin();
    const tally = await finished(fresh, await askForImport(fresh, "ghl", { dryRun: true }));
    expect(tally).toEqual({ ...nothing, found: 16, linked: 4, created: 12 });
    expect(inCloudTalk()).toHaveLength(4);
    expect(Object.keys(operations()).filter((name) => name.startsWith("contacts."))).toEqual(["contacts.index"]);
  });

  test("leaves a shared number to a person, passes over contacts without one, and finds numbers that no list shows", async () => {
    const [first, second, third, fourth] = onlyIn("ghl", 4);
    const { ghl, cloudtalk } = twin.control.state();
    const set = (id: string | undefined, phone: string) => {
      const contact = ghl.contacts.get(id ?? "");
      if (!contact) throw new Error("the twin has lost a contact");
      contact.phone = phone;
      ghl.indexed.set(contact.id, [{ at: new Date(0), contact: structuredClone(contact) }]);
    };
    set(second?.ghlContactId, first?.phone ?? "");
    set(third?.ghlContactId, "");
    const [known] = cloudtalk.contacts.values();
    known?.numbers.push(fourth?.phone ?? "");
    begin();
    const tally = await finished(fresh, await askForImport(fresh, "ghl"));
    // The fourth person's number is the second one of a contact that belongs to somebody else.
    expect(tally).toEqual({ ...nothing, found: 8, linked: 4, created: 1, ambiguous: 2, withoutNumber: 1 });
    expect(inCloudTalk()).toHaveLength(5);
  });

  test("says of each contact that CloudTalk refuses why, and makes the others", async () => {
    onlyIn("ghl", 3);
    const { ghl } = twin.control.state();
    const [contact] = [...ghl.contacts.values()].slice(-1);
    Object.assign(contact ?? {}, { email: "no@address" });
    ghl.indexed.set(contact?.id ?? "", [{ at: new Date(0), contact: structuredClone(contact as never) }]);
    begin();
    const tally = await finished(fresh, await askForImport(fresh, "ghl"));
    expect(tally).toMatchObject({ found: 7, linked: 4, created: 2 });
    expect(Object.values(tally.refused)).toEqual([1]);
  });

  test("makes nobody twice when a bulk was applied and its answer lost", async () => {
    onlyIn("ghl", 20);
    twin.control.fault({ match: { operation: "bulk.contacts" }, fault: "drop-after-apply" });
    begin();
    const tally = await finished(fresh, await askForImport(fresh, "ghl"), 50_000);
    expect(tally).toEqual({ ...nothing, found: 24, linked: 4, created: 20 });
    expect(inCloudTalk()).toHaveLength(24);
    expect(isOnce(numbers())).toBe(true);
  });

  test("goes on where it was killed, and does nothing twice", { timeout: 150_000 }, async () => {
    onlyIn("ghl", 230);
    const first = begin();
    const key = await askForImport(fresh, "ghl", { atOnce: 30 });
    await until("a part is done", async () => (await doneIn(fresh, key)) >= 100, 50_000);
    await until("more is under way", () => inCloudTalk().length > 130, 50_000);
    await first.die();
    begin();
    // The lease of the dead one has to run out first.
    const tally = await finished(fresh, key, 100_000);
    expect(tally).toEqual({ ...nothing, found: 234, linked: 4, created: 230 });
    expect(inCloudTalk()).toHaveLength(234);
    expect(isOnce(numbers())).toBe(true);
  });
});

describe("an import from CloudTalk", () => {
  test("makes what GHL does not have, links what it has, and writes the page of the CRM down", async () => {
    onlyIn("cloudtalk", 8);
    begin();
    const tally = await finished(fresh, await askForImport(fresh, "cloudtalk"), 50_000);
    expect(tally).toEqual({ ...nothing, found: 12, linked: 4, created: 8 });
    expect(inGhl()).toHaveLength(12);
    await until("the page stands at every contact", () =>
      inCloudTalk().every(({ externalUrls }) => externalUrls.length === 1),
    );
    const again = await finished(fresh, await askForImport(fresh, "cloudtalk"));
    expect(again).toEqual({ ...nothing, found: 12, linkedBefore: 12 });
  });
});
