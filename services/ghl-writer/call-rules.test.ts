import type { GhlContactId } from "@callbridge/events";
import type { GhlOpportunity } from "@callbridge/ghl";
import { settingsOf } from "@callbridge/service";
import { given, historyAfter, type Told, when } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { callRulesHandler } from "./call-rules.ts";

const contactId = "GhlContact0000000002" as GhlContactId;
const nothing = { append: [], intend: [], wakeAfterMs: undefined };
const deal = (id: string, pipelineId: string, status = "open"): GhlOpportunity => ({
  ...{ id, pipelineId, status, contactId, name: "Deal", stageId: "S1" },
});
const pipelines = async () => [
  { id: "P1", name: "Sales", stages: [] },
  { id: "P2", name: "Service", stages: [] },
];
const handlerOf = (rules: object[], deals: GhlOpportunity[] = [deal("O1", "P1"), deal("O2", "P2")]) =>
  callRulesHandler({
    ghl: { opportunitiesOf: async () => deals, pipelines },
    rules: settingsOf({ opportunities: { fromCalls: rules } }).opportunities.fromCalls,
  });
const missed: Told = ["call.identified", { outcome: "missed", endedAt: "2026-11-22T10:00:30.000Z" }];
const won = { name: "won", when: { result: "Sale" }, do: { pipeline: "sales", status: "won", stage: "Closed" } };

describe("given a call with its contact", () => {
  test("a rule that fits starts what it names, once", async () => {
    const rule = {
      name: "missed",
      when: { outcome: ["missed", "voicemail"], direction: "inbound" },
      do: { workflow: "W1", task: { title: "Call back", dueInHours: 2, assignedTo: "U1" } },
    };
    let history = given(missed, "call.matched");
    const decided = await when(handlerOf([rule]), history);
    expect(decided.intend).toEqual([
      {
        kind: "ghl.workflow",
        effect: "call-rule:missed:workflow:call:u:uuid-1",
        target: `ghl-workflow:${contactId}:W1`,
        revision: 0,
        input: { contactId, workflowId: "W1" },
      },
      {
        kind: "ghl.task",
        effect: "call-rule:missed:task:call:u:uuid-1",
        target: "call-rule:missed:task:call:u:uuid-1",
        revision: 0,
        input: {
          ...{ contactId, title: "Call back", assignedTo: "U1", dueAt: "2026-11-22T12:00:30.000Z" },
          body: "Inbound missed call · CloudTalk call 1001",
        },
      },
    ]);
    const event = history.at(-1);
    if (!event) throw new Error("no event");
    history = historyAfter(history, event, decided, new Date(event.recordedAt));
    expect(await when(handlerOf([rule]), history, { event })).toEqual(nothing);
  });

  test("a rule that asks for the analysis waits for it", async () => {
    const before = given("call.identified", "call.matched");
    expect(await when(handlerOf([won]), before)).toEqual(nothing);
    const sale: Told = ["call.analysed", { outcome: "sale" }];
    const { intend } = await when(handlerOf([won]), given("call.identified", "call.matched", sale));
    expect(intend).toMatchObject([
      {
        kind: "ghl.opportunity",
        effect: "call-rule:won:opportunity-stage:call:u:uuid-1",
        target: "ghl-opportunity-stage:O1",
        revision: Date.parse("2026-11-22T10:00:00.000Z"),
        input: { opportunityIds: ["O1"], stage: "Closed" },
      },
      {
        effect: "call-rule:won:opportunity-status:call:u:uuid-1",
        target: "ghl-opportunity-status:O1",
        input: { opportunityIds: ["O1"], status: "won" },
      },
    ]);
    const other: Told = ["call.analysed", { outcome: "refused" }];
    expect(await when(handlerOf([won]), given("call.identified", "call.matched", other))).toEqual(nothing);
  });

  test("the stage that an older call says is not undone by the status that a newer one says", async () => {
    const sale: Told = ["call.analysed", { outcome: "sale" }];
    const { intend } = await when(handlerOf([won]), given("call.identified", "call.matched", sale));
    const lost = { name: "lost", when: { outcome: "missed" }, do: { pipeline: "sales", status: "lost" } };
    const [newer] = (await when(handlerOf([lost]), given(missed, "call.matched"))).intend;
    const superseded = intend.filter(({ target }) => target === newer?.target);
    expect(superseded.map(({ input }) => [input.stage, input.status])).toEqual([[undefined, "won"]]);
  });

  test("which opportunity is meant is not guessed: the write says why it does nothing", async () => {
    const rule = { name: "lost", when: { outcome: "missed" }, do: { status: "lost" } };
    const ids = async (...given_: GhlOpportunity[]) =>
      (await when(handlerOf([rule], given_), given(missed, "call.matched"))).intend.map(
        ({ input }) => input.opportunityIds,
      );
    expect(await ids(deal("O1", "P1"), deal("O2", "P2"))).toEqual([["O1", "O2"]]);
    expect(await ids(deal("O1", "P1", "won"))).toEqual([[]]);
    expect(await ids(deal("O1", "P1", "won"), deal("O3", "P1"))).toEqual([["O3"]]);
  });

  test("every rule that fits is followed, whichever fact comes last", async () => {
    const rules = [
      { name: "one", when: {}, do: { workflow: "W1" } },
      { name: "two", when: { direction: "inbound" }, do: { workflow: "W2" } },
      { name: "three", when: { direction: "outbound" }, do: { workflow: "W3" } },
    ];
    const { intend } = await when(handlerOf(rules), given("call.matched", "call.identified"));
    expect(intend.map(({ input }) => input.workflowId)).toEqual(["W1", "W2"]);
  });

  test.each<[string, Told[]]>([
    ["not identified", ["call.matched"]],
    ["nobody's", [missed, "call.unmatched"]],
    ["erased", [missed, ["call.matched", {}, { erased: true }]]],
    ["of an unknown outcome", [["call.identified", { outcome: "unknown" }], "call.matched"]],
  ])("one that is %s starts nothing", async (_, history) => {
    const rule = { name: "any", when: { outcome: ["answered", "missed", "voicemail"] }, do: { workflow: "W1" } };
    expect(await when(handlerOf([rule]), given(...history))).toEqual(nothing);
  });
});

test("without rules nothing is listened to", () => {
  expect(handlerOf([]).on).toEqual([]);
});
