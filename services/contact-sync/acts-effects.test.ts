import { createCloudTalk } from "@callbridge/cloudtalk";
import type { EffectContext, Observed } from "@callbridge/service";
import { hash } from "@callbridge/testing";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cloudtalkActivityEffect } from "./cloudtalk-activity.ts";
import { cloudtalkAttributeEffect } from "./cloudtalk-attribute.ts";
import { cloudtalkNoteEffect } from "./cloudtalk-note.ts";
import { cueCardEffect } from "./cue-card-effect.ts";

let twin: Twin;
let cloudtalk: ReturnType<typeof createCloudTalk>;
beforeAll(async () => {
  twin = await startTwin({ settings: { searchLagMs: 0, cloudtalkOperationsMax: 1_000 } });
  const { cloudtalkKeyId: keyId, cloudtalkSecret: secret } = twin.credentials;
  const { cloudtalk: baseUrl, analytics: analyticsUrl, platform: platformUrl } = twin.urls;
  cloudtalk = createCloudTalk({ keyId, secret, baseUrl, analyticsUrl, platformUrl });
});
afterAll(() => twin.close());
beforeEach(() => void twin.control.reset());

const now = new Date("2026-11-22T10:00:00.000Z");
const attempt = (effect: string, previous?: Observed): EffectContext => ({
  ...{ account: "default", effect, target: `target of ${effect.split(":")[0]}`, previous, hash, now },
});
const contactId = () => twin.control.seeded().people[1]?.cloudtalkContactId ?? "";
const page = () => {
  const found = twin.control.cloudtalkContact(contactId());
  if (!found) throw new Error("the twin has lost a contact");
  return found;
};
const lose = (operation: string) => twin.control.fault({ match: { operation }, fault: "drop-after-apply" });
const ambiguous = { consequence: "ambiguous" };
function left(done: Observed | { skip: string }): Observed {
  if ("skip" in done) throw new Error(done.skip);
  return done;
}

describe("a note in CloudTalk", () => {
  let effect: ReturnType<typeof cloudtalkNoteEffect>;
  beforeEach(() => {
    effect = cloudtalkNoteEffect(cloudtalk, "twin");
  });
  const input = (text?: string) => effect.input.parse({ contactId: contactId(), ...(text && { text }) });
  const create = async () => left(await effect.perform(input("a | b & c"), attempt("note:1")));
  const stored = () => [...twin.control.state().cloudtalk.notes.values()];

  test("ends with our mark, which survives being stored", async () => {
    await create();
    expect(page().notes).toEqual([expect.stringMatching(/^a \| b & c \[ref callbridge:[0-9a-f]{16}\]$/)]);
  });

  test("is found by its mark after a lost answer, and is not there after a lost request", async () => {
    await effect.perform(input("another"), attempt("other:1"));
    expect(await effect.readBack?.(input("x"), attempt("note:1"))).toBeUndefined();
    lose("notes.add");
    await expect(effect.perform(input("x"), attempt("note:1"))).rejects.toMatchObject(ambiguous);
    expect(await effect.readBack?.(input("x"), attempt("note:1"))).toMatchObject({ vendorId: stored().at(-1)?.id });
  });

  test("is changed in place, and an update whose answer was lost is read back", async () => {
    const previous = await create();
    expect(await effect.readBack?.(input("new"), attempt("note:2", previous))).toBeUndefined();
    lose("notes.edit");
    await expect(effect.perform(input("new"), attempt("note:2", previous))).rejects.toMatchObject(ambiguous);
    expect(await effect.readBack?.(input("new"), attempt("note:2", previous))).toMatchObject({
      vendorId: previous.vendorId,
    });
    expect(page().notes).toEqual([expect.stringMatching(/^new \[ref/)]);
  });

  test("is removed with its original, unless an agent has changed it", async () => {
    const previous = await create();
    const [note] = stored();
    const ours = note?.note ?? "";
    if (note) note.note = `${ours} (called back)`;
    for (const text of ["new", undefined]) {
      const skip = "the note was edited by somebody";
      expect(await effect.perform(input(text), attempt("note:2", previous))).toEqual({ skip });
    }
    if (note) note.note = ours;
    expect(await effect.perform(input(), attempt("note:2", previous))).toEqual({});
    expect(stored()).toEqual([]);
    expect(await effect.readBack?.(input(), attempt("note:2", previous))).toEqual({});
    const skip = "the note was deleted by somebody";
    expect(await effect.perform(input("new"), attempt("note:3", previous))).toEqual({ skip });
  });
});

test("an activity is written once and found by its mark; each has its own", async () => {
  const effect = cloudtalkActivityEffect(cloudtalk, "twin");
  const input = effect.input.parse({
    ...{ contactId: contactId(), name: "Stage: Won", description: "Sales", url: "https://crm.example/1" },
    at: "2026-11-22T10:00:00.000Z",
  });
  await effect.perform(input, attempt("activity:1"));
  expect(await effect.readBack?.(input, attempt("activity:2"))).toBeUndefined();
  lose("activity.add");
  await expect(effect.perform(input, attempt("activity:2"))).rejects.toMatchObject(ambiguous);
  expect(await effect.readBack?.(input, attempt("activity:2"))).toMatchObject({ vendorId: expect.any(String) });
  expect(page().activities).toMatchObject([{ name: "Stage: Won" }, { name: "Stage: Won" }]);
});

describe("an attribute", () => {
  const set = (value: string, name = "external id") => {
    const effect = cloudtalkAttributeEffect(cloudtalk, "twin");
    const input = effect.input.parse({ contactId: contactId(), name, value });
    return {
      perform: () => effect.perform(input, attempt("attribute:1")),
      readBack: () => effect.readBack?.(input, attempt("attribute:1")),
    };
  };

  test("is set beside the others, changed and emptied", async () => {
    const stored = twin.control.state().cloudtalk.contacts.get(contactId());
    stored?.attributes.push({ attributeId: "10135", value: "3" });
    const other = { title: "# di tentativi di chiamata", value: "3" };
    for (const value of ["Won", "Lost"]) {
      expect(await set(value).readBack()).toBeUndefined();
      await set(value).perform();
      expect(await set(value).readBack()).toEqual({});
      expect(page().attributes).toEqual([other, { title: "External ID", value }]);
    }
    await set("").perform();
    expect(page().attributes).toEqual([other]);
  });

  test("that already stands there costs no write, and one that does not exist is named", async () => {
    await set("Won").perform();
    twin.control.resetRequests();
    await set("Won").perform();
    expect(twin.control.requestLog().map(({ operation }) => operation)).not.toContain("contacts.edit");
    const skip = 'CloudTalk has no contact attribute "Mood", and its API cannot create one';
    expect(await set("good", "Mood").perform()).toEqual({ skip });
  });
});

describe("a cue card", () => {
  const show = (callUuid: string, notAfter = "2026-11-22T10:01:00.000Z") => {
    const effect = cueCardEffect(cloudtalk, "twin");
    const card = {
      callUuid,
      title: "Ada",
      fields: [{ name: "GoHighLevel", value: "https://crm.example/1" }],
      notAfter,
    };
    expect(effect.readBack).toBeUndefined();
    return effect.perform(effect.input.parse(card), attempt("card:1"));
  };

  test("is shown while the call lives, and dropped when it is over or when it comes too late", async () => {
    const { uuid } = await twin.control.startCall();
    expect(await show(uuid)).toEqual({});
    expect(await show(uuid, "2026-11-22T09:59:59.000Z")).toEqual({ skip: "it would have come too late" });
    const { uuid: over } = await twin.control.playCall();
    expect(await show(over)).toEqual({ skip: "the call is over" });
    expect(twin.control.state().cloudtalk.cueCards).toHaveLength(1);
  });
});
