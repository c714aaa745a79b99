import { createCloudTalk } from "@callbridge/cloudtalk";
import type { EffectContext } from "@callbridge/service";
import { hash } from "@callbridge/testing";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cloudtalkContactEffect, lookedMaxMs } from "./cloudtalk-contact.ts";

let twin: Twin;
let effect: ReturnType<typeof cloudtalkContactEffect>;
beforeAll(async () => {
  twin = await startTwin({ settings: { searchLagMs: 0, cloudtalkOperationsMax: 1_000 } });
  const { cloudtalkKeyId: keyId, cloudtalkSecret: secret } = twin.credentials;
  const urls = { baseUrl: twin.urls.cloudtalk, analyticsUrl: twin.urls.analytics };
  const cloudtalk = createCloudTalk({ keyId, secret, ...urls });
  effect = cloudtalkContactEffect(cloudtalk, "twin", cloudtalk);
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
  expect(done).toEqual({ vendorId: created?.id, digest: expect.any(String) });
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

describe("those whom an import has looked for", () => {
  const looked = (phone: string, email = "eve@lead.example") => {
    return { ...lead(phone), emails: [email], lookedAt: context.now.toISOString() };
  };

  test("are made together, each with its own end, and nobody is searched for", async () => {
    twin.control.resetRequests();
    const ends = await Promise.allSettled([
      ...Array.from({ length: 11 }, (_, index) => effect.perform(looked(`+3930000001${10 + index}`), context)),
      effect.perform(looked("+393000000199", "no@address"), context),
    ]);
    const ids = ends.flatMap((end) =>
      end.status === "fulfilled" && "vendorId" in end.value ? [end.value.vendorId] : [],
    );
    expect(
      contacts()
        .slice(-11)
        .map(({ id }) => id),
    ).toEqual(ids);
    expect(ends.at(-1)).toMatchObject({ reason: { consequence: "refused", status: 406 } });
    expect(twin.control.requests().vendors.cloudtalk?.operations).toEqual({ "bulk.contacts": 2 });
  });

  test("all end in doubt when the answer is lost, and are found by their numbers", async () => {
    twin.control.fault({ match: { operation: "bulk.contacts" }, fault: "drop-after-apply" });
    const two = [looked("+393000000111"), looked("+393000000112")];
    const ends = await Promise.allSettled(two.map((contact) => effect.perform(contact, context)));
    expect(ends).toMatchObject([{ reason: { consequence: "ambiguous" } }, { reason: { consequence: "ambiguous" } }]);
    const found = await Promise.all(two.map((contact) => effect.readBack?.(contact, context)));
    expect(found.map((one) => one?.vendorId)).toEqual(
      contacts()
        .slice(-2)
        .map(({ id }) => id),
    );
  });

  test("are searched for after all when it was too long ago", async () => {
    const { phone, cloudtalkContactId } = seeded(0);
    const old = { ...looked(phone), lookedAt: new Date(context.now.getTime() - lookedMaxMs).toISOString() };
    expect(await effect.perform(old, context)).toEqual({ vendorId: cloudtalkContactId });
  });
});
