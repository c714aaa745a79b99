import { beforeEach, describe, expect, test } from "vitest";
import { opportunityEffect } from "./opportunity-effect.ts";
import { taskEffect } from "./task-effect.ts";
import { attempt, twinCrm } from "./twin-crm.ts";
import { workflowEffect } from "./workflow-effect.ts";

const crm = twinCrm();
const contactId = () => crm.ada().ghlContactId;
const lose = (operation: string) => crm.twin().control.fault({ match: { operation }, fault: "drop-after-apply" });

describe("an opportunity", () => {
  let effect: ReturnType<typeof opportunityEffect>;
  beforeEach(() => {
    effect = opportunityEffect(crm.ghl(), "twin");
  });
  const deal = () => [...crm.state().opportunities.values()].find((one) => one.contactId === contactId());
  const stageId = (name: string) =>
    crm.state().pipelines[0]?.stages.find((stage) => stage.name === name)?.id ?? "no such stage";
  const wanted = (facts: object = { stage: "qualified", status: "won" }) =>
    effect.input.parse({ opportunityIds: [deal()?.id], ...facts });

  test("is moved and closed, and left alone when it already is where it should be", async () => {
    const id = deal()?.id;
    expect(await effect.perform(wanted(), attempt("rule:1"))).toEqual({ vendorId: id });
    expect(deal()).toMatchObject({ pipelineStageId: stageId("Qualified"), status: "won" });
    await effect.perform(wanted(), attempt("rule:2"));
    expect([crm.count("opportunities.update"), crm.count("opportunities.status")]).toEqual([1, 1]);
  });

  test.each(["opportunities.update", "opportunities.status"])("after a lost answer (%s) is read back", async (what) => {
    lose(what);
    await expect(effect.perform(wanted(), attempt("rule:1"))).rejects.toMatchObject({ consequence: "ambiguous" });
    const isLast = what === "opportunities.status";
    expect(await effect.readBack?.(wanted(), attempt("rule:1"))).toEqual(isLast ? { vendorId: deal()?.id } : undefined);
    await effect.perform(wanted(), attempt("rule:1"));
    expect(deal()).toMatchObject({ pipelineStageId: stageId("Qualified"), status: "won" });
  });

  test.each<[object, string]>([
    [{ opportunityIds: [] }, "the contact has no open opportunity there"],
    [{ opportunityIds: ["O1", "O2"] }, "the contact has 2 open opportunities there"],
    [{ opportunityIds: ["Opport00000000000099"] }, "the opportunity is gone"],
    [{ stage: "Nowhere" }, 'its pipeline has no stage "Nowhere"'],
  ])("that cannot be told for certain is left alone: %j", async (facts, skip) => {
    const before = structuredClone(deal());
    expect(await effect.perform(wanted({ status: "lost", ...facts }), attempt("rule:1"))).toEqual({ skip });
    expect(deal()).toEqual(before);
  });
});

test("a task is made once and found by its mark after a lost answer", async () => {
  const effect = taskEffect(crm.ghl(), "twin");
  const input = effect.input.parse({
    ...{ contactId: contactId(), title: "Call back", body: "Missed call", dueAt: "2026-11-23T10:00:00.000Z" },
  });
  await effect.perform(input, attempt("other:1"));
  lose("tasks.create");
  expect(await effect.readBack?.(input, attempt("task:1"))).toBeUndefined();
  await expect(effect.perform(input, attempt("task:1"))).rejects.toMatchObject({ consequence: "ambiguous" });
  const tasks = [...crm.state().tasks.values()];
  expect(await effect.readBack?.(input, attempt("task:1"))).toEqual({ vendorId: tasks.at(-1)?.id });
  expect(tasks).toHaveLength(2);
});

test("a workflow is started, and cannot be read back", async () => {
  const effect = workflowEffect(crm.ghl(), "twin");
  await effect.perform(effect.input.parse({ contactId: contactId(), workflowId: "W1" }), attempt("workflow:1"));
  expect(crm.state().enrolments).toMatchObject([{ workflowId: "W1", contactId: contactId() }]);
  expect(effect.readBack).toBeUndefined();
});
