import { type CloudTalkCallUuid, cloudtalkContactId } from "@callbridge/events";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CloudTalk, createCloudTalk } from "./client.ts";

const david = cloudtalkContactId.parse("1400000001");
const nobody = cloudtalkContactId.parse("1499999999");
let twin: Twin;
let cloudtalk: CloudTalk;

beforeAll(async () => {
  twin = await startTwin({ settings: { cloudtalkOperationsMax: 1_000 } });
  const { cloudtalkKeyId: keyId, cloudtalkSecret: secret } = twin.credentials;
  const { cloudtalk: baseUrl, analytics: analyticsUrl, platform: platformUrl } = twin.urls;
  cloudtalk = createCloudTalk({ keyId, secret, baseUrl, analyticsUrl, platformUrl });
});
afterAll(() => twin.close());
beforeEach(() => void twin.control.reset());

describe("the notes of a contact", () => {
  test("are added, changed and removed, and read back as CloudTalk stored them", async () => {
    const { id } = await cloudtalk.addNote(david, "Tom & Ann's\nfirst 🚀 note");
    expect(await cloudtalk.notes(david)).toEqual([{ id, note: "Tom & Ann's first  note" }]);
    await cloudtalk.editNote(david, id, "second");
    expect(await cloudtalk.notes(david)).toEqual([{ id, note: "second" }]);
    expect(await cloudtalk.notes(nobody)).toEqual([]);
    await cloudtalk.deleteNote(id);
    await cloudtalk.deleteNote(id);
    expect(await cloudtalk.notes(david)).toEqual([]);
  });

  test("are refused for a contact that is not there, and when they say nothing", async () => {
    await expect(cloudtalk.addNote(nobody, "hello")).rejects.toMatchObject({ consequence: "refused", status: 404 });
    await expect(cloudtalk.addNote(david, " ")).rejects.toMatchObject({ consequence: "refused", status: 406 });
  });

  test("longer than a name come back whole", async () => {
    await cloudtalk.addNote(david, "x".repeat(3_000));
    expect((await cloudtalk.notes(david))[0]?.note).toHaveLength(3_000);
  });
});

test("an activity carries its link and its moment, and is found again", async () => {
  const at = new Date("2026-11-22T10:00:00.000Z");
  const more = { description: "Sales & more", author: "GoHighLevel", url: "https://crm.example/1", at };
  const { id } = await cloudtalk.addActivity(david, { name: "Stage: Won", ...more });
  expect(await cloudtalk.activities(david)).toEqual([{ id, name: "Stage: Won", description: "Sales & more" }]);
  expect(twin.control.cloudtalkContact(david)?.activities).toEqual([
    {
      ...{ type: "other", name: "Stage: Won", description: "Sales & more", activity_author: "GoHighLevel" },
      ...{ external_url: "https://crm.example/1", activity_date: at.toISOString() },
    },
  ]);
  const bare = await cloudtalk.addActivity(david, { name: "Stage: Lost" });
  expect((await cloudtalk.activities(david)).map((one) => one.id)).toEqual([id, bare.id]);
});

describe("a cue card", () => {
  const card = { title: "Ada Rossi", subtitle: "+39", fields: [{ name: "Last call outcome", value: "answered" }] };

  test("is shown while the call lives", async () => {
    const { uuid } = await twin.control.startCall();
    await cloudtalk.showCueCard(uuid as CloudTalkCallUuid, card);
    expect(twin.control.state().cloudtalk.cueCards).toMatchObject([
      { callUuid: uuid, body: { title: "Ada Rossi", content: [{ type: "textfield", value: "answered" }] } },
    ]);
  });

  test("for a call that is over is refused with 424", async () => {
    const { uuid } = await twin.control.playCall();
    const shown = cloudtalk.showCueCard(uuid as CloudTalkCallUuid, card);
    await expect(shown).rejects.toMatchObject({ consequence: "refused", status: 424 });
  });
});
