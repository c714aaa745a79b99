import { createCloudTalk } from "@callbridge/cloudtalk";
import { type EffectContext, syncSettings } from "@callbridge/service";
import { hash } from "@callbridge/testing";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { cloudtalkDeletionEffect } from "./cloudtalk-deletion-effect.ts";
import { cloudtalkTagsEffect } from "./cloudtalk-tags-effect.ts";
import { cloudtalkUpdateEffect } from "./cloudtalk-update-effect.ts";

let twin: Twin;
let update: ReturnType<typeof cloudtalkUpdateEffect>;
let tags: ReturnType<typeof cloudtalkTagsEffect>;
let deletion: ReturnType<typeof cloudtalkDeletionEffect>;
beforeAll(async () => {
  twin = await startTwin({ settings: { searchLagMs: 0, cloudtalkOperationsMax: 10_000 } });
  const { cloudtalkKeyId: keyId, cloudtalkSecret: secret } = twin.credentials;
  const client = createCloudTalk({ keyId, secret, baseUrl: twin.urls.cloudtalk, analyticsUrl: twin.urls.analytics });
  update = cloudtalkUpdateEffect(client, "twin");
  deletion = cloudtalkDeletionEffect(client, "twin");
  tags = cloudtalkTagsEffect(client, "twin", syncSettings.parse({ tags: { names: { VIP: "vip-customer" } } }));
});
afterAll(() => twin.close());
beforeEach(() => void twin.control.reset());

const context: EffectContext = {
  ...{ account: "default", effect: "sync:1", target: "cloudtalk:1", previous: undefined },
  ...{ hash, now: new Date() },
};
const id = () => twin.control.seeded().people[0]?.cloudtalkContactId ?? "";
const record = () => {
  const found = twin.control.state().cloudtalk.contacts.get(id());
  if (!found) throw new Error("the twin has nobody");
  return found;
};
const edits = () => twin.control.requestLog().filter(({ operation }) => operation === "contacts.edit").length;
const change = (parts: object) => update.input.parse({ contactId: id(), ...parts });

test("numbers and e-mails are merged into what is there; everything else stays as it is", async () => {
  Object.assign(record(), { numbers: ["+12025550143", "+12025550144"], emails: ["old@ada.example"] });
  const before = structuredClone(record());
  await update.perform(change({ phones: { add: ["+12025550145"], remove: ["+12025550143"] } }), context);
  const { numbers, ...others } = record();
  expect(numbers).toEqual(["+12025550144", "+12025550145"]);
  expect(others).toMatchObject({
    emails: before.emails,
    name: before.name,
    tags: before.tags,
  });
  await update.perform(change({ emails: { add: ["new@ada.example"], remove: [] } }), context);
  expect(record()).toMatchObject({ emails: ["old@ada.example", "new@ada.example"], numbers });
});

test("what is there already is not written", async () => {
  const name = record().name;
  await update.perform(change({ fields: [{ field: "name", from: "Somebody", to: name }] }), context);
  expect(edits()).toBe(0);
});

test("what somebody has changed since the decision is left alone", async () => {
  record().name = "Changed By Hand";
  const done = await update.perform(change({ fields: [{ field: "name", from: "Before", to: "Ours" }] }), context);
  expect(done).toEqual({ skip: "somebody has changed it meanwhile" });
  expect([record().name, edits()]).toEqual(["Changed By Hand", 0]);
});

test("a contact that is gone, or an attribute that does not exist, is said and not guessed", async () => {
  const gone = update.input.parse({ contactId: "99", fields: [{ field: "name", from: "", to: "A" }] });
  expect(await update.perform(gone, context)).toEqual({ skip: "the contact is gone" });
  const unknown = change({ fields: [{ field: "attribute:No such", from: "", to: "A" }] });
  expect(await update.perform(unknown, context)).toEqual({ skip: expect.stringContaining("attribute:No such") });
});

test("read back, it is there only when all of it is", async () => {
  const whole = change({
    fields: [{ field: "city", from: "", to: "Rome" }],
    emails: { add: ["a@b.example"], remove: [] },
  });
  expect(await update.readBack?.(whole, context)).toBeUndefined();
  await update.perform(change({ fields: [{ field: "city", from: "", to: "Rome" }] }), context);
  expect(await update.readBack?.(whole, context)).toBeUndefined();
  await update.perform(whole, context);
  expect(await update.readBack?.(whole, context)).toEqual({});
});

test("tags come and go one by one, under the names that the call centre has for them", async () => {
  record().tags = ["VIP", "Old", "theirs"];
  const both = tags.input.parse({ contactId: id(), add: ["new", "vip-customer"], remove: ["old"] });
  expect(await tags.readBack?.(both, context)).toBeUndefined();
  await tags.perform(both, context);
  expect(record().tags.toSorted()).toEqual(["VIP", "new", "theirs"]);
  expect(await tags.readBack?.(both, context)).toEqual({});
  const before = twin.control.requestLog().length;
  await tags.perform(both, context);
  expect(twin.control.requestLog().length - before).toBe(1);
});

test("a deletion that was asked for is done once, and one that is done already is no error", async () => {
  const input = deletion.input.parse({ contactId: id() });
  expect(await deletion.readBack?.(input, context)).toBeUndefined();
  await deletion.perform(input, context);
  expect(twin.control.state().cloudtalk.contacts.has(input.contactId)).toBe(false);
  expect(await deletion.readBack?.(input, context)).toEqual({});
  await deletion.perform(input, context);
});
