import { expect, test } from "vitest";
import { contactDeletionEffect } from "./contact-deletion-effect.ts";
import { contactUpdateEffect } from "./contact-update-effect.ts";
import { tagsEffect } from "./tags-effect.ts";
import { attempt, twinCrm } from "./twin-crm.ts";

const crm = twinCrm();
const update = () => contactUpdateEffect(crm.ghl(), "twin");
const tags = () => tagsEffect(crm.ghl(), "twin");
const ada = () => crm.ada().ghlContactId;
const record = () => {
  const found = crm.state().contacts.get(ada());
  if (!found) throw new Error("the twin has nobody");
  return found;
};
const context = attempt("sync:1");
const change = (parts: object) => update().input.parse({ contactId: ada(), ...parts });
const name = (from: string, to: string) => change({ fields: [{ key: "name", field: "name", from, to }] });

test("only what differs is sent: the name in its two parts, no tag and no other field", async () => {
  const before = structuredClone(record());
  await update().perform(name(`${before.firstName} ${before.lastName}`, "Maria Da Silva"), context);
  expect(record()).toMatchObject({ firstName: "Maria", lastName: "Da Silva", tags: before.tags, phone: before.phone });
});

test("what is there already is not written, and what somebody has changed meanwhile is left alone", async () => {
  Object.assign(record(), { firstName: "Ada", lastName: "Rossi" });
  expect(await update().perform(name("Before", "Ada Rossi"), context)).toEqual({});
  expect(await update().perform(name("Before", "Ours"), context)).toEqual({
    skip: "somebody has changed it meanwhile",
  });
  expect(crm.count("contacts.update")).toBe(0);
});

test("the main number and e-mail are replaced only where they still are what they were", async () => {
  const { phone } = record();
  await update().perform(change({ phone: { from: phone, to: "+12025550199" } }), context);
  expect(record().phone).toBe("+12025550199");
  const late = change({ phone: { from: phone, to: "+12025550188" } });
  expect(await update().perform(late, context)).toEqual({ skip: "somebody has changed it meanwhile" });
});

test("read back, it is there only when all of it is; a contact that is gone is said", async () => {
  const wanted = change({ fields: [{ key: "city", field: "city", from: "", to: "Rome" }] });
  expect(await update().readBack?.(wanted, context)).toBeUndefined();
  await update().perform(wanted, context);
  expect(await update().readBack?.(wanted, context)).toEqual({});
  const gone = update().input.parse({ contactId: "Nobody00000000000001", fields: [] });
  expect(await update().perform(gone, context)).toEqual({ skip: "the contact is gone" });
});

test("a custom field is found by its key or its name, and a missing one is said", async () => {
  const { name: label, id } = await crm.ghl().createCustomField({ name: "Membership", dataType: "TEXT" });
  const set = change({ fields: [{ key: "attribute:Member", field: `custom:${label}`, from: "", to: "gold" }] });
  await update().perform(set, context);
  expect(record().customFields).toContainEqual({ id, value: "gold" });
  const missing = change({ fields: [{ key: "attribute:X", field: "custom:nothing", from: "", to: "1" }] });
  expect(await update().perform(missing, context)).toEqual({ skip: expect.stringContaining("custom:nothing") });
});

test("tags come and go one by one; all others stay, and nothing is sent twice", async () => {
  record().tags = ["theirs", "old"];
  const both = tags().input.parse({ contactId: ada(), add: ["New"], remove: ["old"] });
  expect(await tags().readBack?.(both, context)).toBeUndefined();
  await tags().perform(both, context);
  expect(record().tags.toSorted()).toEqual(["new", "theirs"]);
  expect(await tags().readBack?.(both, context)).toEqual({});
  await tags().perform(both, context);
  expect([crm.count("contacts.addTags"), crm.count("contacts.removeTags")]).toEqual([1, 1]);
});

test("a deletion that was asked for is done once, and one that is done already is no error", async () => {
  const deletion = contactDeletionEffect(crm.ghl(), "twin");
  const input = deletion.input.parse({ contactId: ada() });
  expect(await deletion.readBack?.(input, context)).toBeUndefined();
  await deletion.perform(input, context);
  expect(crm.state().contacts.has(input.contactId)).toBe(false);
  expect(await deletion.readBack?.(input, context)).toEqual({});
  await deletion.perform(input, context);
});
