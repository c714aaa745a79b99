import { foldCall } from "@callbridge/events";
import { given, type Told } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { callFields, fieldsEffect, fieldValues } from "./fields.ts";
import { attempt, twinCrm } from "./twin-crm.ts";

const crm = twinCrm();
const names = Object.values(callFields).map(({ name }) => name);

/** One after the other, as the lease makes them. */
function inTurns() {
  let last: Promise<void> = Promise.resolve();
  return (_name: string, work: () => Promise<void>) => {
    last = last.catch(() => undefined).then(work);
    return last;
  };
}
const effectOf = (exclusively = inTurns()) => fieldsEffect({ ghl: crm.ghl(), host: "crm.example", exclusively });
const values = { outcome: "answered", sentiment: "positive", score: 83 } as const;
const input = (some: Record<string, unknown> = values) =>
  effectOf().input.parse({ contactId: crm.ada().ghlContactId, values: some });
const contact = () => crm.state().contacts.get(crm.ada().ghlContactId);
const shown = () => {
  const fields = crm.state().customFields;
  return Object.fromEntries((contact()?.customFields ?? []).map(({ id, value }) => [fields.get(id)?.name, value]));
};

describe("the fields of a contact", () => {
  test("are made where they are missing, and set, and nothing else of the contact is touched", async () => {
    const before = structuredClone(contact());
    await effectOf().perform(input(), attempt("fields:1"));
    expect([...crm.state().customFields.values()].map(({ name }) => name)).toEqual(names);
    expect(shown()).toEqual({
      "Last call outcome": "answered",
      "Last call sentiment": "positive",
      "Last call score": 83,
    });
    expect({ ...contact(), customFields: [], dateUpdated: 0 }).toEqual({ ...before, customFields: [], dateUpdated: 0 });
  });

  test("that are not told keep what they have", async () => {
    const effect = effectOf();
    await effect.perform(input(), attempt("fields:1"));
    await effect.perform(input({ outcome: "missed" }), attempt("fields:2"));
    expect(shown()).toMatchObject({ "Last call outcome": "missed", "Last call sentiment": "positive" });
  });

  test("are made once for two writes at the same time, by one process or by two", async () => {
    const exclusively = inTurns();
    const [one, two] = [effectOf(exclusively), effectOf(exclusively)];
    const writes = [one, one, two].map((effect, index) => effect.perform(input(), attempt(`fields:${index}`)));
    await Promise.all(writes);
    expect([...crm.state().customFields.values()].map(({ name }) => name)).toEqual(names);
    expect(crm.count("customFields.create")).toBe(names.length);
  });

  test("are made once though a process that was believed dead makes them as well", async () => {
    const nobodyElse = (_name: string, work: () => Promise<void>) => work();
    const writes = [1, 2].map((turn) => effectOf(nobodyElse).perform(input(), attempt(`fields:${turn}`)));
    await Promise.all(writes);
    expect([...crm.state().customFields.values()].map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(crm.count("customFields.create")).toBeGreaterThan(names.length);
    expect(shown()).toMatchObject({ "Last call outcome": "answered" });
  });

  test("are found under other casing, and after somebody renamed them", async () => {
    await effectOf().perform(input(), attempt("fields:1"));
    const [outcome, score] = [...crm.state().customFields.values()].filter(({ name }) => /outcome|score/.test(name));
    Object.assign(outcome ?? {}, { name: "Letztes Ergebnis" });
    Object.assign(score ?? {}, { name: "LAST CALL SCORE" });
    await effectOf().perform(input({ outcome: "missed", score: 7 }), attempt("fields:2"));
    expect(shown()).toMatchObject({ "Letztes Ergebnis": "missed", "LAST CALL SCORE": 7 });
    expect(crm.count("customFields.create")).toBe(names.length);
  });

  test("are asked for again after an outage", async () => {
    const effect = effectOf();
    crm.twin().control.fault({ match: { operation: "customFields.list" }, fault: "status-503" });
    await expect(effect.perform(input(), attempt("fields:1"))).rejects.toMatchObject({ status: 503 });
    await effect.perform(input(), attempt("fields:1"));
    expect(shown()).toMatchObject({ "Last call outcome": "answered" });
  });

  test("are all made when the answer about one of them was lost", async () => {
    const effect = effectOf();
    crm.twin().control.fault({ match: { operation: "customFields.create" }, skip: 2, fault: "drop-after-apply" });
    await expect(effect.perform(input(), attempt("fields:1"))).rejects.toMatchObject({ consequence: "ambiguous" });
    expect(await effect.readBack?.(input(), attempt("fields:1"))).toBeUndefined();
    expect([...crm.state().customFields.values()].map(({ name }) => name)).toEqual(names);
  });
});

describe("read back", () => {
  test("they are compared value by value, whatever the CRM makes of numbers", async () => {
    const effect = effectOf();
    expect(await effect.readBack?.(input(), attempt("fields:1"))).toBeUndefined();
    await effect.perform(input(), attempt("fields:1"));
    for (const field of contact()?.customFields ?? []) field.value = String(field.value);
    expect(await effect.readBack?.(input(), attempt("fields:1"))).toEqual({});
    expect(await effect.readBack?.(input({ ...values, score: 84 }), attempt("fields:1"))).toBeUndefined();
  });

  test("a write that was applied late is there then, and not before", async () => {
    const effect = effectOf();
    crm.twin().control.fault({ match: { operation: "contacts.update" }, fault: "apply-late", delayMs: 60_000 });
    await expect(effect.perform(input(), attempt("fields:1"))).rejects.toMatchObject({ consequence: "ambiguous" });
    expect(await effect.readBack?.(input(), attempt("fields:1"))).toBeUndefined();
    await crm.twin().control.settle();
    expect(await effect.readBack?.(input(), attempt("fields:1"))).toEqual({});
  });

  test("a contact that is gone has none of them", async () => {
    const gone = effectOf().input.parse({ contactId: "GhlContact9999999999", values });
    expect(await effectOf().readBack?.(gone, attempt("fields:1"))).toBeUndefined();
  });
});

test("they tell of one call: what is not known of it is emptied", () => {
  const of = (...history: Told[]) => fieldValues(foldCall(given(...history)), undefined);
  const missed: Told = ["call.identified", { outcome: "missed" }];
  const facts = { lastCallAt: "2026-11-22T10:00:00.000Z", direction: "inbound", outcome: "missed" };
  const known = { ...facts, sentiment: "", score: "", recordingLink: "" };
  expect(of(missed)).toEqual(known);
  expect(of(missed, "call.analysis_failed")).toEqual(known);
  expect(of(missed, ["call.analysed", { score: undefined }])).toEqual({ ...known, sentiment: "positive" });
});

describe("after an analysed call a missed one", () => {
  const missed = () => input({ outcome: "missed", sentiment: "", score: "" });

  test("leaves nothing of the older call", async () => {
    const effect = effectOf();
    await effect.perform(input(), attempt("fields:1"));
    await effect.perform(missed(), attempt("fields:2"));
    expect(shown()).toEqual({ "Last call outcome": "missed" });
    expect(await effect.readBack?.(missed(), attempt("fields:2"))).toEqual({});
  });

  test("is told all the same by a CRM that refuses empty values", async () => {
    crm.twin().control.fault({ match: { operation: "contacts.update" }, fault: "status-422" });
    await effectOf().perform(missed(), attempt("fields:1"));
    expect(shown()).toEqual({ "Last call outcome": "missed" });
  });
});
