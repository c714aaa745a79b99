import { evolveEffects } from "@callbridge/events";
import { until } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { scene } from "./scene.ts";

/** Everything beside contacts that webhooks of either platform bring about on the other one, with its rules switched on. */
const workflowId = "TwinWorkflow00000001";
const configuration = `
timing: { settleMs: 1000, indexLagMs: 400, noteDelayMs: 120000, otherWebhookMs: 1000, detailsAfterMs: 500 }
sync: { coalesceMs: 200 }
callTags: { names: { Sale: sold } }
cueCard: { enabled: true }
opportunities:
  fromGhl:
    rules:
      - when: { pipeline: Sales, stage: Qualified }
        do: { addTags: qualified, attribute: { name: External ID, value: "{pipeline}/{stage}" } }
  fromCalls:
    - name: missed
      when: { outcome: missed, direction: inbound }
      do: { pipeline: Sales, stage: Proposal, workflow: ${workflowId}, task: { title: Call back } }
`;

const at = scene(
  { ghlWebhookSecret: "secret-of-workflows", echoWrites: "both" },
  { configuration, environment: { GHL_WEBHOOK_SECRET: "secret-of-workflows" } },
);

const effects = async () => {
  const all = (await at.fresh.log.after(0, 100_000)).reduce(evolveEffects, new Map());
  return [...all.values()];
};
/** Every service has seen every event, and every write has an end. */
const quiet = () =>
  until("everything has come to rest", async () => {
    const last = await at.fresh.log.lastPosition();
    const marks = await Promise.all(["contact-sync", "ghl-writer"].map((name) => at.fresh.log.readMark(name)));
    return marks.every((mark) => mark === last) && (await effects()).every(({ end }) => end !== undefined);
  });

/** Somebody whom both sides know, linked by a call. */
async function person(outcome: "answered" | "missed" = "answered") {
  const [one] = at.twin.control.addPeople(1);
  if (!one) throw new Error("the twin adds nobody");
  const { callId, uuid } = await at.twin.control.playCall({ from: one.phone, outcome, template: "rich" });
  await until("the two are linked", async () => {
    const { events } = await at.fresh.log.stream("default", `contact:ghl:${one.ghlContactId}`);
    return events.some(({ type }) => type === "contact.linked");
  });
  const crm = () => at.twin.control.contact(one.ghlContactId);
  const centre = () => at.twin.control.cloudtalkContact(one.cloudtalkContactId);
  return { ...one, callId, uuid, crm, centre };
}
const bodies = (notes: Record<string, unknown>[] | undefined) => (notes ?? []).map(({ body }) => String(body));

describe("notes", () => {
  test("of agents, on the contact and on the call, are written to the CRM once each", async () => {
    const ada = await person();
    const onContact = { contact_id: Number(ada.cloudtalkContactId), note_id: 501, note: "Likes tea", author: "Sarah" };
    const onCall = { call_id: Number(ada.callId), call_uuid: ada.uuid, note: "Wants a <b>quote</b>", author: "Marco" };
    for (const body of [onContact, onCall, onContact, onCall]) {
      await at.running.post("/api/cloudtalk-webhooks/new-note", body);
    }
    const copies = () => bodies(ada.crm()?.notes).filter((body) => / by (Sarah|Marco)/.test(body));
    await until("both are there", () => copies().length === 2);
    await quiet();
    expect(copies().sort()).toEqual([
      expect.stringMatching(
        new RegExp(`^Call note by Marco · CloudTalk call ${ada.callId}\nWants a &lt;b&gt;quote&lt;/b&gt;\n\\[ref`),
      ),
      expect.stringMatching(/^Note by Sarah · CloudTalk\nLikes tea\n\[ref callbridge:[0-9a-f]{16}\]$/),
    ]);
    // None of them came back to where it was written.
    expect(ada.centre()?.notes).toEqual([]);
  });

  test("of people are written to CloudTalk as one line, once, and their echoes end there", async () => {
    const ada = await person();
    const params = { contactId: ada.ghlContactId };
    const body = "First line 🚀\nSecond &amp; last";
    await at.twin.control.act({ vendor: "ghl", operation: "notes.create", params, body: { body }, report: "both" });
    const [note] = await until("it is there", () => (ada.centre()?.notes.length === 1 ? ada.centre()?.notes : false));
    expect(note).toMatch(/^First line \| Second & last \[ref callbridge:[0-9a-f]{16}\]$/);
    // CloudTalk tells of it as of anybody's.
    const echo = { contact_id: Number(ada.cloudtalkContactId), note };
    expect((await at.running.post("/api/cloudtalk-webhooks/new-note", echo)).verdict).toBe("accepted");
    await quiet();
    expect(ada.centre()?.notes).toHaveLength(1);
    expect(bodies(ada.crm()?.notes).filter((one) => one.includes("First line"))).toHaveLength(1);
    const { events } = await at.fresh.log.stream("default", `contact:ghl:${ada.ghlContactId}`);
    expect(events.filter(({ type }) => type === "echo.recognised")).not.toEqual([]);
  });

  test("without id and text are found in the CRM", async () => {
    const ada = await person();
    const params = { contactId: ada.ghlContactId };
    const written = { vendor: "ghl", operation: "notes.create", params, body: { body: "Only said" } } as const;
    await at.twin.control.act({ ...written, report: "workflow" });
    await until("it is there", () => ada.centre()?.notes.some((note) => note.startsWith("Only said [ref")));
  });
});

test("tags of a call become tags of the contact in the CRM, and do not come back", async () => {
  const ada = await person();
  for (const tag_name of ["Sale", "Hot lead"]) {
    await at.running.post("/api/cloudtalk-webhooks/new-tag", {
      call_id: Number(ada.callId),
      call_uuid: ada.uuid,
      tag_name,
    });
  }
  const tags = () => ada.crm()?.contact.tags;
  await until("both are there", () => Array.isArray(tags()) && String(tags()).includes("call-hot lead"));
  await quiet();
  expect(tags()).toEqual(expect.arrayContaining(["sold", "call-hot lead"]));
  expect(ada.centre()?.contact.tags).not.toContain("call-hot lead");
});

test("who answers sees who is calling", async () => {
  const ada = await person();
  await quiet();
  const { uuid } = await at.twin.control.startCall({ from: ada.phone });
  const card = await until("the card is shown", () =>
    at.twin.control.state().cloudtalk.cueCards.find(({ callUuid }) => callUuid === uuid),
  );
  expect(card.body).toMatchObject({
    title: ada.name,
    subtitle: ada.phone,
    content: expect.arrayContaining([
      expect.objectContaining({ name: "Last call outcome", value: "answered" }),
      expect.objectContaining({ name: "GoHighLevel", value: expect.stringContaining(ada.ghlContactId) }),
    ]),
  });
});

describe("opportunities", () => {
  const deal = (contactId: string) => {
    const [pipeline] = at.twin.control.seeded().pipelines;
    const body = {
      ...{ pipelineId: pipeline?.id, locationId: at.twin.credentials.ghlLocationId, name: "Deal" },
      contactId,
    };
    return at.twin.control.act({ vendor: "ghl", operation: "opportunities.create", body: { ...body, status: "open" } });
  };
  const idOf = (contactId: string) =>
    [...at.twin.control.state().ghl.opportunities.values()].find((one) => one.contactId === contactId)?.id ?? "";

  test("that move show on the contact in CloudTalk, once, whoever reports it", async () => {
    const ada = await person();
    await deal(ada.ghlContactId);
    const stages = at.twin.control.seeded().pipelines[0]?.stages ?? [];
    for (const stage of [stages[1], stages[2]]) {
      const params = { id: idOf(ada.ghlContactId) };
      const body = { pipelineStageId: stage?.id };
      await at.twin.control.act({ vendor: "ghl", operation: "opportunities.update", params, body, report: "both" });
    }
    await until("the second move is there", () => ada.centre()?.activities.length === 1);
    await quiet();
    expect(ada.centre()?.activities).toEqual([expect.objectContaining({ type: "other", name: "Stage: Proposal" })]);
    expect(ada.centre()?.contact.tags).toContain("qualified");
    expect(ada.centre()?.attributes).toContainEqual({ title: "External ID", value: "Sales/Qualified" });
  });

  test("of somebody who called in vain are moved, and a workflow and a task begin, once", async () => {
    const [one] = at.twin.control.addPeople(1);
    if (!one) throw new Error("the twin adds nobody");
    await deal(one.ghlContactId);
    const call = { from: one.phone, outcome: "missed", template: "rich", duplicates: 1 } as const;
    await at.twin.control.playCall(call);
    const page = () => at.twin.control.contact(one.ghlContactId);
    await until("the task is there", () => page()?.tasks.length === 1);
    await quiet();
    const stage = at.twin.control.seeded().pipelines[0]?.stages[2]?.id;
    expect(page()?.opportunities).toMatchObject([{ pipelineStageId: stage, status: "open" }]);
    expect(page()?.workflows.map((started) => started.workflowId)).toEqual([workflowId]);
    expect(page()?.tasks).toMatchObject([{ title: "Call back", completed: false }]);
  });
});

test("no write was refused, and none is in doubt", async () => {
  await quiet();
  expect((await effects()).filter(({ end }) => end === "failed" || end === "unknown")).toEqual([]);
});
