import { beforeEach, describe, expect, test } from "vitest";
import { contactEffect } from "./contact-effect.ts";
import { attempt, left, twinCrm } from "./twin-crm.ts";

const crm = twinCrm();
const unknown = "+393000000099";
let effect: ReturnType<typeof contactEffect>;
beforeEach(() => {
  crm.twin().control.configure({ searchLagMs: 0, allowDuplicateContacts: false });
  effect = contactEffect(crm.ghl(), "twin");
});

const caller = (phone = unknown, name?: string) => effect.input.parse({ phone, name });
const contacts = () => [...crm.state().contacts.values()];
const holders = () => contacts().filter(({ phone }) => phone === unknown);

describe("an unknown caller", () => {
  test("becomes a contact, named as the call centre names it or by its number", async () => {
    const { vendorId } = left(await effect.perform(caller(unknown, "Eve Caller"), attempt("contact:1")));
    expect(holders()).toMatchObject([{ id: vendorId, details: { source: "CloudTalk" } }]);
    expect(`${holders()[0]?.firstName} ${holders()[0]?.lastName}`).toBe("Eve Caller");
    await effect.perform(caller("+393000000098"), attempt("contact:2"));
    expect(contacts().at(-1)).toMatchObject({ phone: "+393000000098", firstName: "+393000000098" });
  });

  test("who calls again is the same contact, though the CRM's search does not show it yet", async () => {
    crm.twin().control.configure({ searchLagMs: 3_600_000, allowDuplicateContacts: true });
    const previous = left(await effect.perform(caller(), attempt("contact:1")));
    expect(await effect.perform(caller(), attempt("contact:2", previous))).toEqual({ vendorId: previous.vendorId });
    expect(holders()).toHaveLength(1);
  });

  test("is created anew when the contact of an earlier call is gone or has another number now", async () => {
    const previous = left(await effect.perform(caller(), attempt("contact:1")));
    const [former] = holders();
    Object.assign(former ?? {}, { phone: "+393000000055" });
    crm.state().indexed.clear();
    const renewed = left(await effect.perform(caller(), attempt("contact:2", previous)));
    expect(renewed.vendorId).not.toBe(previous.vendorId);
    crm.state().contacts.delete(renewed.vendorId ?? "");
    crm.state().indexed.clear();
    const again = left(await effect.perform(caller(), attempt("contact:3", renewed)));
    expect(holders()).toMatchObject([{ id: again.vendorId }]);
  });

  test("who was entered by a person in the meantime is not created", async () => {
    const { ghlContactId, phone } = crm.ada();
    const count = contacts().length;
    expect(await effect.perform(caller(phone), attempt("contact:1"))).toEqual({ vendorId: ghlContactId });
    expect(contacts()).toHaveLength(count);
  });

  test("whose number two people hold by now is left to a person", async () => {
    crm.twin().control.configure({ allowDuplicateContacts: true });
    for (const name of ["One", "Two"]) await crm.ghl().createContact({ phone: unknown, name, source: "person" });
    const done = await effect.perform(caller(), attempt("contact:1"));
    expect(done).toEqual({ skip: "several contacts have this number now" });
    expect(await effect.readBack?.(caller(), attempt("contact:1"))).toBeUndefined();
  });

  test("whom the CRM takes for somebody with another number is not believed to be that one", async () => {
    const { ghlContactId } = crm.ada();
    const ghl = crm.ghl();
    const createContact = async () => ({ id: ghlContactId as never, existed: true, matchedBy: "phone" });
    const done = await contactEffect({ ...ghl, createContact }, "twin").perform(caller(), attempt("contact:1"));
    expect(done).toEqual({ skip: "the CRM names a contact that has another number" });
  });

  test.each(["drop-after-apply", "status-422"] as const)("is not created twice after %s", async (fault) => {
    crm.twin().control.fault({ match: { operation: "contacts.create" }, fault });
    await expect(effect.perform(caller(), attempt("contact:1"))).rejects.toMatchObject({ consequence: "ambiguous" });
    const found = await effect.readBack?.(caller(), attempt("contact:1"));
    if (fault === "drop-after-apply") expect(found).toEqual({ vendorId: holders()[0]?.id });
    else expect(found).toBeUndefined();
    expect(holders()).toHaveLength(fault === "drop-after-apply" ? 1 : 0);
  });
});
