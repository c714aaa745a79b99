import { describe, expect, test } from "vitest";
import { deliver, eventOf, opportunityPart, receivedAt, standard } from "./deliver.ts";

const moved = { ...standard, ...opportunityPart };
const stream = "opportunity:AdaOpportunity000001";
const app = {
  type: "OpportunityStageUpdate",
  locationId: "L",
  id: "AdaOpportunity000001",
  contactId: "AdaContact0000000001",
  name: "Ada Rossi's kitchen",
  pipelineId: "AdaPipeline000000001",
  pipelineStageId: "e93ba61a-53b3-45e7-985a-c7732dbcdb69",
  status: "open",
};

describe("a stage change", () => {
  test("of the standard payload reads the misspelt stage and the opportunity's id", () => {
    const event = eventOf("pipeline-stage-changed", moved);
    expect(event).toMatchObject({
      type: "opportunity.stage_changed",
      stream,
      time: receivedAt,
      key: { entity: `${stream}/stage-name`, mode: "state" },
      data: {
        opportunityId: "AdaOpportunity000001",
        ghlContactId: "AdaContact0000000001",
        pipelineId: "AdaPipeline000000001",
        pipelineName: "Sales",
        stageName: "Qualified",
        status: "open",
      },
    });
  });

  test.each(["pipleline_stage", "pippleine_stage", "pipeline_stage"])("is found under %s", (spelling) => {
    const { pipleline_stage: stage, ...rest } = moved;
    expect(eventOf("pipeline-change", { ...rest, [spelling]: stage }).data).toMatchObject({ stageName: "Qualified" });
  });

  test("of the documented nested shape belongs to the contact, and what was before changes nothing", () => {
    const nested = { contact: { id: "ghl_123456" }, pipeline: { name: "Sales" }, stage: { name: "Qualified" } };
    const event = eventOf("pipeline-stage-changed", { ...nested, previous_stage: { name: "Cold" } });
    expect(event.stream).toBe("contact:ghl:ghl_123456");
    expect(event.data).toMatchObject({ stageName: "Qualified", previousStageName: "Cold", pipelineName: "Sales" });
    expect(event.key).toEqual(eventOf("pipeline-stage-changed", nested).key);
  });

  test("of a Custom Webhook body reads camelCase and the stage's id", () => {
    const body = {
      event: "pipeline-stage-changed",
      contactId: "AdaContact0000000001",
      opportunityId: "AdaOpportunity000001",
      pipelineStageId: "e93ba61a-53b3-45e7-985a-c7732dbcdb69",
      pipelineStageName: "{{opportunity.pipeline_stage_name}}",
      status: "",
    };
    const event = eventOf("pipeline-stage-changed", body);
    expect(event).toMatchObject({ stream, key: { entity: `${stream}/stage` }, data: { stageName: undefined } });
  });

  test("keeps A → B → A apart by content and A → A together, whatever the casing", () => {
    const key = (stage: string) => eventOf("pipeline-stage-changed", { ...moved, pipleline_stage: stage }).key;
    expect(key("Qualified")).toEqual(key("qualified "));
    expect(key("Qualified")).not.toEqual(key("Won"));
  });

  test("takes a bare id for the opportunity's only when it can be", () => {
    const withPipelineId = { ...moved, id: moved.pipeline_id };
    expect(eventOf("pipeline-stage-changed", withPipelineId).stream).toBe("contact:ghl:AdaContact0000000001");
  });

  test("that does not name the stage is a hint when it names the opportunity, else parked", () => {
    const hint = eventOf("pipeline-stage-changed", { opportunityId: "AdaOpportunity000001" });
    expect(hint.key).toMatchObject({ mode: "repeat" });
    expect(deliver("pipeline-stage-changed", standard).verdict).toBe("parked");
  });

  test("of the app carries ids and no name of a person", () => {
    const event = eventOf("app", app);
    expect(event).toMatchObject({ type: "opportunity.stage_changed", stream, data: { pipelineId: app.pipelineId } });
    expect(JSON.stringify(event)).not.toContain("Rossi");
  });
});

describe("a status change", () => {
  test("is read from the standard payload", () => {
    const event = eventOf("opportunity-status-changed", { ...moved, status: "Won" });
    expect(event).toMatchObject({ type: "opportunity.status_changed", stream, data: { status: "won" } });
    expect(eventOf("status-change", { ...moved, status: "won" }).key).toEqual(event.key);
  });

  test("has the same key from the app and from the workflow", () => {
    const fromApp = eventOf("app", { ...app, type: "OpportunityStatusUpdate" });
    expect(fromApp.key).toEqual(eventOf("opportunity-status-changed", moved).key);
  });
});
