import { ghlContactId } from "@callbridge/events";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createGhl, type Ghl } from "./client.ts";

let twin: Twin;
let ghl: Ghl;
beforeAll(async () => {
  twin = await startTwin({ settings: { ghlRequestsMax: 10_000 } });
  const { ghlToken, ghlLocationId: locationId } = twin.credentials;
  ghl = createGhl({ token: () => ghlToken, locationId, baseUrl: twin.urls.ghl });
});
afterAll(() => twin.close());
beforeEach(() => void twin.control.reset());

const ada = () => ghlContactId.parse(twin.control.seeded().people[1]?.ghlContactId);
const sales = () => twin.control.seeded().pipelines[0] ?? { id: "", stages: [] };

describe("an opportunity", () => {
  test("is found by its contact, and none for somebody who has none", async () => {
    const [deal, ...others] = await ghl.opportunitiesOf(ada());
    expect(others).toEqual([]);
    const stageId = sales().stages[0]?.id;
    expect(deal).toMatchObject({ contactId: ada(), pipelineId: sales().id, stageId, status: "open" });
    expect(await ghl.opportunitiesOf(ghlContactId.parse("GhlContact9999999999"))).toEqual([]);
  });

  test("is moved and closed, each without touching the other", async () => {
    const [deal] = await ghl.opportunitiesOf(ada());
    const stageId = sales().stages[2]?.id ?? "";
    await ghl.setOpportunityStage(deal?.id ?? "", { pipelineId: sales().id, stageId });
    expect(await ghl.opportunity(deal?.id ?? "")).toEqual({ ...deal, stageId });
    await ghl.setOpportunityStatus(deal?.id ?? "", "won");
    expect(await ghl.opportunity(deal?.id ?? "")).toEqual({ ...deal, stageId, status: "won" });
  });

  test("that is gone is nobody's, and a stage that is none is refused", async () => {
    expect(await ghl.opportunity("Opport00000000000099")).toBeUndefined();
    const [deal] = await ghl.opportunitiesOf(ada());
    const moved = ghl.setOpportunityStage(deal?.id ?? "", { pipelineId: sales().id, stageId: "nowhere" });
    await expect(moved).rejects.toMatchObject({ consequence: "refused" });
  });
});

test("a task is made and found again", async () => {
  const dueAt = new Date("2026-11-23T09:00:00.000Z");
  const { id } = await ghl.createTask(ada(), { title: "Call back", body: "Missed call", dueAt });
  expect(await ghl.tasks(ada())).toEqual([{ id, title: "Call back", body: "Missed call" }]);
  expect(twin.control.contact(ada())?.tasks).toMatchObject([{ dueDate: dueAt.toISOString(), completed: false }]);
});
