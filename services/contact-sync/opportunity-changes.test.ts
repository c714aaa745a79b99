import type { GhlContactId, LogEvent } from "@callbridge/events";
import type { GhlOpportunity } from "@callbridge/ghl";
import { settingsOf } from "@callbridge/service";
import { given, historyAfter, type Told, when } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { opportunityChangesHandler } from "./opportunity-changes.ts";

const ghlContactId = "GhlContact0000000002" as GhlContactId;
const nothing = { append: [], intend: [], wakeAfterMs: undefined };
const pipelines = async () => [
  {
    id: "P1",
    name: "Sales",
    stages: ["New", "Qualified", "Closed"].map((name, index) => ({ id: `S${index + 1}`, name })),
  },
  { id: "P2", name: "Service", stages: [{ id: "T1", name: "New" }] },
];
const opportunity: GhlOpportunity = {
  ...{ id: "O1", name: "Deal", contactId: ghlContactId, pipelineId: "P1", stageId: "S2", status: "won" },
};
const handlerOf = (fromGhl: object = {}, links: Told[] = ["contact.linked"]) =>
  opportunityChangesHandler({
    ghl: { opportunity: async () => opportunity, pipelines, contactPage: (id) => `https://crm.example/${id}` },
    log: { stream: async () => ({ events: given(...links), position: 0 }) },
    settings: settingsOf({ opportunities: { fromGhl } }).opportunities.fromGhl,
  });

const on = { stream: "opportunity:O1" };
const common = { opportunityId: "O1", ghlContactId, pipelineId: "P1" };
const byId = (stageId: string, place: object = {}): Told => [
  "opportunity.stage_changed",
  { ...common, stageId, status: "open" },
  { ...on, ...place },
];
const byName = (stageName: string): Told => ["opportunity.stage_changed", { ...common, stageName }, on];
const status = (status: string): Told => ["opportunity.status_changed", { ...common, status, stageId: "S2" }, on];

/** What each change of a history comes to, one after the other. */
async function written(handler: ReturnType<typeof handlerOf>, ...told: Told[]): Promise<unknown[]> {
  let history: LogEvent[] = [];
  for (const event of given(...told)) {
    history = [...history, { ...event, position: (history.at(-1)?.position ?? 0) + 1 }];
    const decided = await when(handler, history);
    history = historyAfter(history, event, decided, new Date(event.recordedAt));
  }
  return history.flatMap((event) => (event.type === "effect.intended" ? [event.personal.input?.name] : []));
}

describe("given a change of an opportunity in the CRM", () => {
  test("it stands in the contact's timeline in CloudTalk, by default", async () => {
    expect((await when(handlerOf(), given(byName("qualified")))).intend).toEqual([
      {
        kind: "cloudtalk.activity",
        effect: "opportunity-change:1:0:activity",
        target: "cloudtalk-activity:opportunity:O1",
        revision: 0,
        input: {
          ...{ contactId: "2002", name: "Stage: Qualified", description: "Sales" },
          ...{ url: `https://crm.example/${ghlContactId}`, at: "2026-11-22T10:05:00.000Z" },
        },
      },
    ]);
    const [won] = (await when(handlerOf(), given(status("won")))).intend;
    expect(won?.input).toMatchObject({ name: "Opportunity won", description: "Sales · Qualified" });
  });

  test("rules say what else it does; every one that fits is followed, and none falls back", async () => {
    const rules = [
      {
        when: { pipeline: "sales", stage: ["Qualified", "Closed"] },
        do: { addTags: ["hot"], removeTags: "Cold", attribute: { name: "Stage", value: "{stage} in {pipeline}" } },
      },
      { when: { stage: "qualified" }, do: { activity: "Call {stage}" } },
      { when: { status: "won" }, do: { addTags: "customer" } },
    ];
    const { intend } = await when(handlerOf({ rules }), given(byId("S2")));
    expect(intend.map(({ kind, target, input }) => [kind, target, input])).toMatchObject([
      ["cloudtalk.tags", "cloudtalk-tags:2002", { contactId: "2002", add: ["hot"], remove: ["cold"] }],
      ["cloudtalk.attribute", "cloudtalk-contact-update:2002", { name: "Stage", value: "Qualified in Sales" }],
      ["cloudtalk.activity", "cloudtalk-activity:opportunity:O1", { name: "Call Qualified" }],
    ]);
    const won = await when(handlerOf({ rules }), given(status("won")));
    expect(won.intend.map(({ input }) => input.add)).toEqual([["customer"]]);
  });

  test("there and back and there again are as many writes, in order", async () => {
    const moves = [byId("S1"), byId("S2"), byId("S1"), byId("S2")];
    const names = ["Stage: New", "Stage: Qualified", "Stage: New", "Stage: Qualified"];
    expect(await written(handlerOf(), ...moves)).toEqual(names);
  });

  test("told by the app and by a workflow, in any order, it is one change", async () => {
    const told = [byId("S1"), byId("S2"), byName("New"), byId("S1"), byName("Qualified"), byName("New")];
    expect(await written(handlerOf(), ...told)).toEqual(["Stage: New", "Stage: Qualified", "Stage: New"]);
  });

  test("two that come at once keep their order, whichever is decided on first", async () => {
    const history = given(byId("S1"), byId("S2"));
    const { intend } = await when(handlerOf(), history);
    expect(intend.map(({ input }) => input.name)).toEqual(["Stage: New", "Stage: Qualified"]);
    const later = given(byId("S1"), byId("S2", { afterMs: 4_000_000 }));
    expect((await when(handlerOf(), later)).intend).toHaveLength(1);
  });

  test("a change that waits for the counterpart comes before one that finds it there", async () => {
    const waiting = given(byId("S1"), byId("S2", { afterMs: 120_000 }));
    const { intend } = await when(handlerOf(), waiting);
    expect(intend.map(({ input }) => input.name)).toEqual(["Stage: New", "Stage: Qualified"]);
  });

  test("what the report leaves out is read from the opportunity", async () => {
    const bare: Told = ["opportunity.stage_changed", { opportunityId: "O1" }, on];
    const { intend } = await when(handlerOf(), given(bare));
    expect(intend[0]?.input).toMatchObject({ contactId: "2002", name: "Stage: Qualified", description: "Sales · won" });
  });

  test("it waits some time for the contact's counterpart, then leaves it", async () => {
    const unlinked = handlerOf({}, []);
    expect(await when(unlinked, given(byId("S2")))).toEqual({ ...nothing, wakeAfterMs: 5_000 });
    expect((await when(unlinked, given(byId("S2")), { afterMs: 30_000 })).wakeAfterMs).toBe(270_000);
    expect(await when(unlinked, given(byId("S2")), { afterMs: 3_600_000 })).toEqual(nothing);
  });

  test("without its pipeline, a stage's name that two pipelines have is nobody's to resolve", async () => {
    const named = (stageName: string): Told => ["opportunity.stage_changed", { ghlContactId, stageName }, on];
    const description = async (name: string) =>
      (await when(handlerOf(), given(named(name)))).intend.map(({ input }) => input.description);
    expect(await description("New")).toEqual([""]);
    expect(await description("Closed")).toEqual(["Sales"]);
  });
});

test("with neither rules nor a default nothing is listened to", () => {
  expect(handlerOf({ otherwise: "nothing" }).on).toEqual([]);
});
