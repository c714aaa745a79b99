import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesOf, type Ingress, openIngress, signedByGhl, signedBySvix } from "./given.ts";

let ingress: Ingress;
beforeAll(async () => {
  ingress = await openIngress();
});
afterAll(() => ingress.close());

const cloudtalk = (name: string) => `/api/cloudtalk-webhooks/${name}`;
const ghl = (name: string) => `/api/ghl-webhooks/${name}`;
const contact_id = "AdaContact0000000001";

describe("the same webhook", () => {
  const ended = { call_uuid: "uuid-1", external_number: 393000000001, talking_time: 5 };
  const withoutId = { external_number: 393000000001, internal_number: 390600000001, agent_id: 5 };

  test.each([
    ["with an id", cloudtalk("call-ended"), ended],
    ["without any id", cloudtalk("call-started"), withoutId],
    ["that reports a state", ghl("pipeline-stage-changed"), { contact_id, pipeline_id: "pipe1", stage: "Won" }],
  ])("%s, 50 times at once, is one event: 1 accepted and 49 duplicates that name it", async (what, path, body) => {
    const own = ingress.as(what);
    const answers = await Promise.all(Array.from({ length: 50 }, () => own.post(path, body)));
    expect(answers.filter((answer) => answer.verdict === "accepted")).toHaveLength(1);
    expect(answers.filter((answer) => answer.verdict === "duplicate")).toHaveLength(49);
    const [event, ...others] = await own.events();
    expect(others).toEqual([]);
    expect(new Set(answers.flatMap((answer) => answer.eventIds))).toEqual(new Set([event?.id]));
    expect(await own.inbox()).toHaveLength(50);
  });

  test("from the template before and after somebody retyped it is still the same", async () => {
    const own = ingress.as("retyped");
    const first = await own.post(cloudtalk("call-ended"), ended);
    const retyped = { Talking_Time: "5", externalNumber: "+39 300 000 0001", "Call UUID": "uuid-1" };
    expect(await own.post(cloudtalk("call-ended"), retyped)).toMatchObject({
      verdict: "duplicate",
      eventIds: first.eventIds,
    });
  });

  test("in two accounts is two events", async () => {
    const [one, other] = [ingress.as("one company"), ingress.as("another company")];
    const answers = [await one.post(cloudtalk("call-ended"), ended), await other.post(cloudtalk("call-ended"), ended)];
    expect(answers.map((answer) => answer.verdict)).toEqual(["accepted", "accepted"]);
    expect(answers[0]?.eventIds).not.toEqual(answers[1]?.eventIds);
  });

  test("without an id is a new call once it was silent for ten minutes", async () => {
    const own = ingress.as("later");
    const start = ingress.clock.now.getTime();
    const verdicts: unknown[] = [];
    for (const minutes of [0, 9, 18, 29]) {
      ingress.clock.now = new Date(start + minutes * 60_000);
      verdicts.push((await own.post(cloudtalk("call-started"), withoutId)).verdict);
    }
    expect(verdicts).toEqual(["accepted", "duplicate", "duplicate", "accepted"]);
    const streams = (await own.events()).map((event) => event.stream);
    expect(new Set(streams).size).toBe(2);
  });
});

describe("a signed delivery", () => {
  test("of CloudTalk that comes again is a duplicate, and the same news under another id names the first event", async () => {
    const own = ingress.as("svix");
    const body = bytesOf({
      type: "call.ended",
      event_id: "evt-1",
      occurred_at: "2026-11-22T09:00:00Z",
      data: { call_uuid: "u1" },
    });
    const headers = signedBySvix(body, { id: "msg_first" });
    const first = await own.post("/api/cloudtalk-webhooks", body, headers);
    expect(first.verdict).toBe("accepted");
    expect((await own.post("/api/cloudtalk-webhooks", body, headers)).verdict).toBe("duplicate");
    const later = await own.post("/api/cloudtalk-webhooks", body, signedBySvix(body, { id: "msg_second" }));
    expect(later).toMatchObject({ verdict: "duplicate", eventIds: first.eventIds });
    expect(await own.events()).toHaveLength(1);
  });

  test("of GoHighLevel that comes again is a duplicate by its webhookId, at once or later", async () => {
    const own = ingress.as("ed25519");
    const body = bytesOf({
      type: "ContactUpdate",
      id: contact_id,
      firstName: "Grace",
      webhookId: "w1",
    });
    const send = () => own.post("/api/ghl-webhooks", body, signedByGhl(body));
    const answers = await Promise.all(Array.from({ length: 10 }, send));
    expect(answers.filter((answer) => answer.verdict === "accepted")).toHaveLength(1);
    ingress.clock.now = new Date(ingress.clock.now.getTime() + 3 * 86_400_000);
    expect((await send()).verdict).toBe("duplicate");
    expect(await own.events()).toHaveLength(1);
  });
});

type Body = (word: string) => object;
const stageByName: Body = (pipleline_stage) => ({
  ...{ contact_id, id: "AdaOpportunity000001", pipeline_id: "AdaPipeline000000001" },
  pipleline_stage,
});
const stageById: Body = (stage) => ({ contact_id, opportunityId: "o1", pipelineStageId: `stage-${stage}` });
const cloudtalkTag: Body = (event_type) => ({ event_type, tag_name: "VIP", contact_id: 123 });
const ghlTag: Body = (action) => ({ contact_id, customData: { tag: "VIP", action } });

describe("every change is an event", () => {
  const verdictsOf = async (own: Ingress, path: string, bodies: object[]) => {
    const verdicts: unknown[] = [];
    for (const body of bodies) verdicts.push((await own.post(path, body)).verdict);
    return verdicts;
  };
  const typesOf = async (own: Ingress) => (await own.events()).map((event) => event.type);

  test.each([
    ["by name", stageByName],
    ["by id", stageById],
  ])("a stage that goes from A to B and back and forth again, %s", async (how, body) => {
    const own = ingress.as(`stage ${how}`);
    const stages = ["A", "B", "A", "B", "B"].map((stage) => body(stage));
    expect(await verdictsOf(own, ghl("pipeline-stage-changed"), stages)).toEqual([
      ...["accepted", "accepted", "accepted", "accepted", "duplicate"],
    ]);
    expect(await typesOf(own)).toEqual(Array.from({ length: 4 }, () => "opportunity.stage_changed"));
  });

  test("a status that is lost, open again and lost again", async () => {
    const statuses = ["lost", "open", "Lost", "lost"].map((status) => ({ opportunityId: "o1", contact_id, status }));
    const verdicts = await verdictsOf(ingress.as("status"), ghl("opportunity-status-changed"), statuses);
    expect(verdicts).toEqual(["accepted", "accepted", "accepted", "duplicate"]);
  });

  test.each([
    ["CloudTalk", cloudtalk("new-tag"), cloudtalkTag, "tag_added", "tag_removed"],
    ["GoHighLevel", ghl("new-tag"), ghlTag, "added", "removed"],
  ])("a tag of %s that is added, removed and added again", async (vendor, path, body, added, removed) => {
    const own = ingress.as(`tag of ${vendor}`);
    const words = [added, added, removed, removed, added].map((word) => body(word));
    const verdicts = await verdictsOf(own, path, words);
    expect(verdicts).toEqual(["accepted", "duplicate", "accepted", "duplicate", "accepted"]);
    expect(await typesOf(own)).toEqual(["contact.tagged", "contact.untagged", "contact.tagged"]);
  });

  test("a list of tags that grows and shrinks, whatever its order and casing", async () => {
    const own = ingress.as("list of tags");
    const lists = ["lead, vip", "VIP,Lead", "lead", "lead, vip"].map((tags) => ({ contact_id, tags, workflow: {} }));
    const verdicts = await verdictsOf(own, ghl("new-tag"), lists);
    expect(verdicts).toEqual(["accepted", "duplicate", "accepted", "accepted"]);
    expect(await typesOf(own)).toEqual(Array.from({ length: 3 }, () => "contact.tags_reported"));
  });

  test("a contact that is changed, changed back and changed again, however alike the reports are", async () => {
    const own = ingress.as("name");
    const verdicts: unknown[] = [];
    for (const [name, afterMs] of [
      ["Ada", 0],
      ["Eva", 2_000],
      ["Ada", 2_000],
      ["Ada", 0],
      ["Ada", 2_000],
    ] as const) {
      ingress.clock.now = new Date(ingress.clock.now.getTime() + afterMs);
      const body = { contact_id: 123, contact_name: name, updated_fields: ["name"] };
      verdicts.push((await own.post(cloudtalk("contact-updated"), body)).verdict);
    }
    // Each of them is a hint to look; only the same one in the same second is the same.
    expect(verdicts).toEqual(["accepted", "accepted", "accepted", "duplicate", "accepted"]);
  });

  test("changes that arrive at once are all kept, in whatever order", async () => {
    const own = ingress.as("at once");
    const stages = ["A", "B", "C", "D", "E"].map((stage) => stageByName(stage));
    const answers = await Promise.all(stages.map((body) => own.post(ghl("pipeline-stage-changed"), body)));
    expect(answers.map((answer) => answer.verdict)).toEqual(stages.map(() => "accepted"));
    expect(await own.events()).toHaveLength(5);
  });
});
