import type { CloudTalkContactId, GhlContactId } from "@callbridge/events";
import { given, type Told } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { agreedPair, cloudtalkId, ghlId, inCloudTalk, inGhl, pageOf, reported, sync, typesOf } from "./given-pair.ts";

describe("given a linked pair", () => {
  test("of which one record is gone, nothing is made or deleted, unless deletions are carried over", async () => {
    const history = given(...agreedPair, reported("ghl"));
    const kept = await sync(history, { cloudtalk: [inCloudTalk()] });
    expect(kept.intend).toEqual([]);
    expect(typesOf(kept)).toContain("contact.deleted");
    const carried = await sync(history, { cloudtalk: [inCloudTalk()], settings: { deletions: true } });
    expect(carried.intend).toMatchObject([{ kind: "cloudtalk.contact_deletion", input: { contactId: cloudtalkId } }]);
  });

  test("of which one record was merged into another, that one takes its place", async () => {
    const other = "GhlContact0000000009" as GhlContactId;
    const world = { ghl: [inGhl({ id: other })], cloudtalk: [inCloudTalk()] };
    const decided = await sync(given(...agreedPair, reported("ghl")), world);
    expect(typesOf(decided)).toEqual([
      ...["contact.deleted", "contact.unlinked", "contact.unlinked", "contact.linked", "contact.synced"],
    ]);
    expect(decided.append[3]).toMatchObject({
      key: { fact: `link:${cloudtalkId}:1` },
      data: { ghlContactId: other, cloudtalkContactId: cloudtalkId, because: "merged" },
    });
  });

  test("of which one record is gone, nothing is deleted as long as its successor may not be found yet", async () => {
    const settings = { deletions: true };
    const history = given(...agreedPair, reported("ghl"));
    const alone = { cloudtalk: [inCloudTalk()], settings };
    expect(await sync(history, alone, 4_000)).toMatchObject({ append: [], intend: [], wakeAfterMs: 3_000 });
    expect(await sync(history, { ...alone, agree: false }, 20_000)).toMatchObject({ append: [], wakeAfterMs: 3_000 });
    // Look-ups that go on disagreeing have found somebody, so nobody is deleted for that.
    expect((await sync(history, { ...alone, agree: false }, 60_000)).intend).toEqual([]);
    expect((await sync(history, alone, 60_000)).intend).toHaveLength(1);
  });

  test("of which one record is gone, it does not succeed itself while the index still shows it", async () => {
    const world = { index: [inGhl()], cloudtalk: [inCloudTalk({ externalUrls: [] })] };
    const decided = await sync(given(...agreedPair, reported("ghl")), world);
    expect(typesOf(decided)).toEqual(["contact.deleted", "contact.synced"]);
  });

  test("of which one record is gone and several may be its successor, nothing is deleted", async () => {
    const ghl = ["GhlContact0000000008", "GhlContact0000000009"].map((id) => inGhl({ id: id as GhlContactId }));
    const world = { ghl, cloudtalk: [inCloudTalk()], settings: { deletions: true } };
    const decided = await sync(given(...agreedPair, reported("ghl")), world);
    expect(typesOf(decided)).toEqual(["contact.deleted", "contact.synced"]);
    expect(decided.intend).toEqual([]);
  });

  test("a second record that is linked to the same CRM contact is parted again and shown to a person", async () => {
    const history = given(...agreedPair, ["contact.linked", { cloudtalkContactId: "3003", ghlContactId: ghlId }]);
    const { append, asked } = await sync(history, {});
    expect(asked).toEqual([]);
    expect(append.map(({ type, stream }) => [type, stream])).toEqual([
      ["contact.unlinked", "contact:ct:3003"],
      ["contact.unlinked", `contact:ghl:${ghlId}`],
      ["contact.ambiguous", "contact:ct:3003"],
    ]);
  });
});

describe("given a record that was linked with another record before", () => {
  const other = "3003" as CloudTalkContactId;
  const write = { effect: "sync:old", kind: "cloudtalk.tags", target: `cloudtalk-tags:${cloudtalkId}` };
  const former: Told[] = [
    ...agreedPair,
    ["effect.intended", { ...write, revision: 0, input: { contactId: cloudtalkId, add: ["gold"], remove: [] } }],
    ["contact.unlinked", { cloudtalkContactId: cloudtalkId, ghlContactId: ghlId, because: "merged" }],
  ];
  const relinked: Told = ["contact.linked", { cloudtalkContactId: other, ghlContactId: ghlId, because: "merged" }];
  const world = {
    ghl: [inGhl({ tags: ["gold", "vip"] })],
    cloudtalk: [inCloudTalk({ id: other, externalUrls: [] })],
  };

  test("a write that is under way there brings nothing here", async () => {
    const { intend } = await sync(given(...former, relinked), world);
    expect(intend).toContainEqual(
      expect.objectContaining({ kind: "cloudtalk.tags", input: { contactId: other, add: ["gold"], remove: [] } }),
    );
  });

  test("a write that came off there says nothing of what the two agree on", async () => {
    const done: Told = ["effect.observed", { ...write, attempt: 1, how: "answer", vendorId: undefined }];
    const { intend } = await sync(given(...former, relinked, done, reported("ghl")), world);
    expect(intend.filter(({ kind }) => kind.endsWith(".tags"))).toMatchObject([
      { kind: "cloudtalk.tags", input: { contactId: other, add: ["gold"] } },
    ]);
  });

  test("its link to the CRM is set all the same", async () => {
    const linking = { contactId: cloudtalkId, fields: [], externalUrl: { name: "GoHighLevel", url: pageOf(ghlId) } };
    const update = { ...write, effect: "sync:link", kind: "cloudtalk.contact_update" };
    const told: Told = ["effect.intended", { ...update, revision: 0, input: linking }];
    const { intend } = await sync(given(told, ...former, relinked), world);
    expect(intend.some(({ input }) => "externalUrl" in input)).toBe(true);
  });
});
