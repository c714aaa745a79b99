import { createCloudTalk } from "@callbridge/cloudtalk";
import type { EffectContext } from "@callbridge/service";
import { hash } from "@callbridge/testing";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { cloudtalkContactEffect } from "./cloudtalk-contact.ts";

let twin: Twin;
let effect: ReturnType<typeof cloudtalkContactEffect>;
beforeAll(async () => {
  twin = await startTwin({ settings: { searchLagMs: 0, cloudtalkOperationsMax: 1_000 } });
  const { cloudtalkKeyId: keyId, cloudtalkSecret: secret } = twin.credentials;
  const urls = { baseUrl: twin.urls.cloudtalk, analyticsUrl: twin.urls.analytics };
  effect = cloudtalkContactEffect(createCloudTalk({ keyId, secret, ...urls }), "twin");
});
afterAll(() => twin.close());
beforeEach(() => void twin.control.reset());

const context: EffectContext = {
  ...{ account: "default", effect: "cloudtalk-contact:1", target: "cloudtalk-contact:1", previous: undefined },
  ...{ hash, now: new Date() },
};
const lead = (...phones: string[]) =>
  effect.input.parse({
    ...{ name: "Eve Lead", phones, emails: ["eve@lead.example"] },
    externalUrl: { name: "GoHighLevel", url: "https://app.example/eve" },
  });
const contacts = () => [...twin.control.state().cloudtalk.contacts.values()];
const seeded = (index: number) => twin.control.seeded().people[index] ?? { phone: "", cloudtalkContactId: "" };

test("a new person is created with all its numbers", async () => {
  const done = await effect.perform(lead("+393000000077", "+393000000078"), context);
  const created = contacts().at(-1);
  expect(done).toEqual({ vendorId: created?.id });
  expect(created).toMatchObject({ name: "Eve Lead", numbers: ["+393000000077", "+393000000078"] });
});

test("somebody who is there is left as it is, found by any of its numbers", async () => {
  const before = structuredClone(contacts());
  const { phone, cloudtalkContactId } = seeded(1);
  expect(await effect.perform(lead("+393000000077", phone), context)).toEqual({ vendorId: cloudtalkContactId });
  expect(contacts()).toEqual(before);
});

test("numbers of two people are nobody's to guess about", async () => {
  const numbers = lead(seeded(0).phone, seeded(1).phone);
  expect(await effect.perform(numbers, context)).toEqual({ skip: "several CloudTalk contacts share these numbers" });
  expect(await effect.readBack?.(numbers, context)).toBeUndefined();
});

test("after a lost answer the contact is found, not created again", async () => {
  const count = contacts().length;
  const eve = lead("+393000000077");
  twin.control.fault({ match: { method: "PUT", path: "contacts/add" }, fault: "drop-after-apply" });
  await expect(effect.perform(eve, context)).rejects.toMatchObject({ consequence: "ambiguous" });
  expect(await effect.readBack?.(eve, context)).toEqual({ vendorId: contacts().at(-1)?.id });
  expect(contacts()).toHaveLength(count + 1);
});

test("after a lost request it is not there", async () => {
  twin.control.fault({ match: { method: "PUT", path: "contacts/add" }, fault: "drop-before" });
  await expect(effect.perform(lead("+393000000077"), context)).rejects.toMatchObject({ consequence: "ambiguous" });
  expect(await effect.readBack?.(lead("+393000000077"), context)).toBeUndefined();
});
