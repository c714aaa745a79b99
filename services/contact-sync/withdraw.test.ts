import { given, type Told, when } from "@callbridge/testing";
import { expect, test } from "vitest";
import { withdrawHandler } from "./withdraw.ts";

const ids = { cloudtalkContactId: "2002", ghlContactId: "GhlContact0000000002" };
const tags = { effect: "sync:1", kind: "cloudtalk.tags", target: "cloudtalk-tags:2002", revision: 0 };
const intended = (contactId: string): Told => ["effect.intended", { ...tags, input: { contactId, add: ["gold"] } }];
const parted = (because: string): Told => ["contact.unlinked", { ...ids, because }];
const decided = async (...told: Told[]) => (await when(withdrawHandler(), given(...told))).append;

test("what is still to be written to either record because of the other is withdrawn when a person parts them", async () => {
  expect(await decided("contact.linked", intended("2002"), parted("person"))).toMatchObject([
    { type: "effect.skipped", key: { fact: "effect:sync:1/end" }, data: { effect: "sync:1" } },
  ]);
});

test.each<[string, Told[]]>([
  ["under way", [intended("2002"), ["effect.attempted", { ...tags, attempt: 1 }], parted("person")]],
  ["over", [intended("2002"), ["effect.observed", { ...tags, attempt: 1 }], parted("person")]],
  ["meant for another contact", [intended("3003"), parted("person")]],
  ["of a record that was merged", [intended("2002"), parted("merged")]],
  ["of a contact that has another counterpart", [intended("2002"), ["contact.linked", {}], parted("second-record")]],
])("a write that is %s goes on", async (_, told) => {
  expect(await decided("contact.linked", ...told)).toEqual([]);
});
