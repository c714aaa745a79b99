import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evolveEffects } from "@callbridge/events";
import { type FreshLog, freshLog, until } from "@callbridge/testing";
import { type Person, startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Installation, installation } from "./installation.ts";
import { recordingProxy } from "./recording-proxy.ts";

/** What the sync of contacts writes, counted at the twin, over HTTP and PostgreSQL. */
const configuration = `
timing: { settleMs: 1000, indexLagMs: 200, otherWebhookMs: 1000, detailsAfterMs: 500 }
sync: { coalesceMs: 1500, sweep: { everyMs: 0 } }
`;
const ghlSecret = "secret-of-workflows";

let twin: Twin;
let fresh: FreshLog;
let proxy: Awaited<ReturnType<typeof recordingProxy>>;
let running: Installation;

beforeAll(async () => {
  const limits = { cloudtalkOperationsMax: 100_000, ghlRequestsMax: 100_000, searchLagMs: 0 };
  twin = await startTwin({ settings: { ...limits, ghlWebhookSecret: ghlSecret, echoWrites: "both" } });
  proxy = await recordingProxy(twin.url);
  fresh = await freshLog();
  const file = join(tmpdir(), `callbridge-storm-${process.pid}.yaml`);
  await writeFile(file, configuration);
  const through = (url: string) => url.replace(twin.url, proxy.url);
  running = await installation(twin, {
    ...{ DATABASE_URL: fresh.url, DATA_KEY: fresh.dataKey, CONFIG_FILE: file, GHL_WEBHOOK_SECRET: ghlSecret },
    ...{ CLOUDTALK_BASE_URL: through(twin.urls.cloudtalk), GHL_BASE_URL: through(twin.urls.ghl) },
    ...{ CLOUDTALK_ANALYTICS_URL: through(twin.urls.analytics), CLOUDTALK_PLATFORM_URL: through(twin.urls.platform) },
  });
  await running.start();
});
afterAll(async () => {
  await running?.remove();
  await fresh?.drop();
  await proxy?.close();
  await twin?.close();
});
beforeEach(() => twin.control.resetRequests());

/** Every hint has been answered, every write has an end, and its echo has come back and been answered too. */
const quiet = (limitMs = 60_000) =>
  until(
    "everything has come to rest",
    async () => {
      await twin.control.settle();
      const before = await fresh.log.lastPosition();
      const [due] = await fresh.query<{ waiting: string }>(
        "select count(*) as waiting from callbridge.due where at is not null and consumer in ('contact-sync', 'ghl-writer') and key ~ '^(sync|effects)/'",
      );
      const effects = (await fresh.log.after(0, 100_000)).reduce(evolveEffects, new Map());
      const marks = await Promise.all(["contact-sync", "ghl-writer"].map((name) => fresh.log.readMark(name)));
      const isQuiet = Number(due?.waiting) === 0 && [...effects.values()].every(({ end }) => end !== undefined);
      return isQuiet && marks.every((mark) => mark === before) && (await fresh.log.lastPosition()) === before;
    },
    limitMs,
  );

const isWrite = ({ method, operation }: { method: string; operation: string }) =>
  method !== "GET" && operation !== "contacts.search";
/** How often each kind of write went to a contact since the requests were last forgotten. */
function writesTo(id: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const request of twin.control.requestLog()) {
    if (!isWrite(request) || !request.path.includes(id)) continue;
    const name = `${request.vendor} ${request.operation}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const inCentre = ({ cloudtalkContactId }: Person) => twin.control.state().cloudtalk.contacts.get(cloudtalkContactId);
const inCrm = ({ ghlContactId }: Person) => twin.control.state().ghl.contacts.get(ghlContactId);

/** People whom both sides know, compared once, with nothing left to be written. */
async function pairs(count: number): Promise<Person[]> {
  const people = twin.control.addPeople(count);
  await Promise.all(people.map(({ ghlContactId }) => twin.control.sendGhlApp("ContactUpdate", ghlContactId)));
  await quiet();
  for (const { ghlContactId } of people) {
    const { events } = await fresh.log.stream("default", `contact:ghl:${ghlContactId}`);
    expect(events.some(({ type }) => type === "contact.linked")).toBe(true);
  }
  twin.control.resetRequests();
  return people;
}

test("a tag added on one side is one write to the other, and nothing follows from it", async () => {
  const [ada, eve] = await pairs(2);
  if (!ada || !eve) throw new Error("the twin adds nobody");
  await twin.control.inGhl.tag(ada.ghlContactId, ["hot-lead"], { report: "both", duplicates: 2 });
  await twin.control.inCloudTalk.tag(eve.cloudtalkContactId, ["Callback"]);
  await quiet();
  expect(writesTo(ada.cloudtalkContactId)).toEqual({ "cloudtalk contacts.addTags": 1 });
  expect(writesTo(ada.ghlContactId)).toEqual({});
  expect(writesTo(eve.ghlContactId)).toEqual({ "ghl contacts.addTags": 1 });
  expect(writesTo(eve.cloudtalkContactId)).toEqual({});
  expect(inCentre(ada)?.tags).toContain("hot-lead");
  expect(inCrm(eve)?.tags).toContain("callback");

  await twin.control.inGhl.untag(ada.ghlContactId, ["hot-lead"], { report: "both" });
  await quiet();
  expect(writesTo(ada.cloudtalkContactId)).toEqual({
    ...{ "cloudtalk contacts.addTags": 1, "cloudtalk contacts.removeTags": 1 },
  });
  expect(writesTo(ada.ghlContactId)).toEqual({});
});

test("a storm of a thousand mixed webhooks about fifty contacts: one write per contact, side and kind of change", async () => {
  const people = await pairs(50);
  const lost = { report: "off" } as const;
  for (const [index, { ghlContactId, cloudtalkContactId }] of people.entries()) {
    await twin.control.inGhl.edit(ghlContactId, { firstName: "Storm", lastName: `Number ${index}` }, lost);
    await twin.control.inGhl.edit(ghlContactId, { email: `storm-${index}@example.com` }, lost);
    await twin.control.inGhl.tag(ghlContactId, ["stormy", `wave-${index}`], lost);
    await twin.control.inCloudTalk.edit(cloudtalkContactId, { city: `Harbour ${index}` }, lost);
    await twin.control.inCloudTalk.tag(cloudtalkContactId, ["Sailor"], lost);
  }
  const tell: ((person: Person) => Promise<unknown>)[] = [
    ({ ghlContactId }) => twin.control.sendGhlApp("ContactUpdate", ghlContactId),
    ({ ghlContactId }) => twin.control.sendGhlApp("ContactTagUpdate", ghlContactId),
    ({ ghlContactId }) => twin.control.sendGhlWorkflow("new-tag", ghlContactId),
    ({ ghlContactId }) => twin.control.sendGhlWorkflow("new-contact", ghlContactId),
    ({ cloudtalkContactId: id }) => running.post("/api/cloudtalk-webhooks/contact-updated", { contact_id: Number(id) }),
    ({ cloudtalkContactId: id }) =>
      running.post("/api/cloudtalk-webhooks/new-tag", { contact_id: Number(id), tag_name: "Sailor" }),
  ];
  const webhooks = Array.from({ length: 1_000 }, (_, index) => {
    const person = people[index % people.length];
    const how = tell[Math.floor(index / people.length) % tell.length];
    return () => (person && how ? how(person) : Promise.resolve());
  });
  for (let start = 0; start < webhooks.length; start += 50) {
    await Promise.all(webhooks.slice(start, start + 50).map((send) => send()));
  }
  await quiet(120_000);
  for (const [index, { ghlContactId, cloudtalkContactId }] of people.entries()) {
    expect(writesTo(cloudtalkContactId)).toEqual({ "cloudtalk contacts.addTags": 1, "cloudtalk contacts.edit": 2 });
    expect(writesTo(ghlContactId)).toEqual({ "ghl contacts.addTags": 1, "ghl contacts.update": 1 });
    const centre = twin.control.state().cloudtalk.contacts.get(cloudtalkContactId);
    expect(centre).toMatchObject({ name: `Storm Number ${index}` });
    expect(centre?.tags.map((tag) => tag.toLowerCase()).sort()).toEqual(["sailor", "stormy", `wave-${index}`]);
    expect(twin.control.state().ghl.contacts.get(ghlContactId)?.tags).toContain("sailor");
  }
  expect(twin.control.requestLog().filter(isWrite)).toHaveLength(people.length * 5);
}, 240_000);

test("the staff of a workflow's payload is in nothing that leaves the house", async () => {
  const [ada] = await pairs(1);
  if (!ada) throw new Error("the twin adds nobody");
  const staff = { firstName: "Zebulon", lastName: "Quartermaster", email: "zq@staff.example", phone: "+12025550167" };
  const kinds = ["new-contact", "new-tag", "new-note", "pipeline-stage-changed", "opportunity-status-changed"] as const;
  for (const kind of kinds) await twin.control.sendGhlWorkflow(kind, ada.ghlContactId, { user: staff });
  const stranger = { first_name: "Lena", phone: "+12025550168", user: staff };
  await twin.control.sendGhlWorkflow("new-contact", "TwinStranger00000001", stranger);
  await twin.control.inGhl.tag(ada.ghlContactId, ["after-staff"], { report: "workflow" });
  await quiet();
  const everything = proxy.sent().join("\n");
  expect(everything).toContain("after-staff");
  for (const word of ["Zebulon", "Quartermaster", "zq@staff", "12025550167"]) expect(everything).not.toContain(word);
});
