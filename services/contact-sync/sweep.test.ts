import type { Contact, HistoryRow } from "@callbridge/cloudtalk";
import { type CloudTalkContactId, type GhlContactId, isEvent, type LogEvent } from "@callbridge/events";
import type { GhlContact } from "@callbridge/ghl";
import { syncSettings } from "@callbridge/service";
import { given, type Told, when } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { contactCrawlHandler } from "./crawl.ts";
import { hintsInHistory } from "./hints.ts";
import { rolling } from "./known-contacts.ts";
import { contactSweepHandler } from "./sweep.ts";

const everyMs = 900_000;
const ada = "2002" as CloudTalkContactId;
const adaInGhl = "GhlContact0000000002" as GhlContactId;
const phone = "+393000000001";
const person = { phones: [phone], emails: [], fields: { name: "Ada Rossi" } };
const seenInCloudTalk = (id: string, tags: string[] = []): Told => [
  "contact.observed",
  { cloudtalkContactId: id, side: "cloudtalk", tags, ...person },
];
const seenInGhl: Told = ["contact.observed", { ghlContactId: adaInGhl, side: "ghl", tags: [], ...person }];
const inCloudTalk = (id: string, changes: Partial<Contact> = {}): Contact => ({
  ...{ id: id as CloudTalkContactId, name: "Ada Rossi", company: undefined, phones: [phone], emails: [], tags: [] },
  ...{ externalUrls: [], attributes: [], ...changes },
});
const inGhl = (changes: Partial<GhlContact> = {}): GhlContact => ({
  ...{ id: adaInGhl, name: "Ada Rossi", phones: [phone], emails: [], tags: [], customFields: [] },
  ...{ dateUpdated: "2026-11-22T10:06:00.000Z", ...changes },
});
const swept = (highestId: number): Told => [
  "sync.swept",
  {
    ...{ changedUntil: "2026-11-22T10:00:00.000Z", contacts: 1, highestId, crawled: 1, crawlSeconds: 60 },
    hints: { changed: 0, added: 0, vanished: 0, tags: 0 },
  },
  { stream: "sweeps:2026-11-22" },
];

/** A sweep over this history, with the vendors showing these contacts. */
function world(
  history: Told[],
  shown: { ghl?: GhlContact[]; cloudtalk?: Contact[]; tags?: { id: string; name: string }[] },
  settings: object = {},
) {
  const begun: Told = ["sync.sweeps_begun", {}, { stream: "account:default" }];
  const events = given(begun, ...history);
  const contacts = shown.cloudtalk ?? [];
  const asked: string[] = [];
  const deps = {
    cloudtalk: {
      contact: async (id: CloudTalkContactId) => {
        asked.push(id);
        return contacts.find((contact) => contact.id === id);
      },
      contactsPage: async ({ tagId }: { tagId?: string | undefined }) => {
        const tag = shown.tags?.find(({ id }) => id === tagId)?.name;
        const rows = contacts.filter(({ tags }) => tagId === undefined || tags.includes(tag ?? ""));
        return { rows, pages: 1, total: undefined };
      },
      tags: async () => ({ rows: shown.tags ?? [], pages: 1, total: undefined }),
    },
    ghl: {
      contactsUpdatedSince: async () => ({ contacts: shown.ghl ?? [], next: undefined, total: undefined }),
      contactsPage: async () => ({ contacts: [], next: undefined, total: undefined }),
    },
    log: {
      stream: async (_account: string, name: string) => {
        const own = events.filter((event) => event.stream === name);
        return { events: own, position: own.at(-1)?.position ?? 0 };
      },
      lastInStreams: async (_account: string, begin: string, types: readonly string[]) => {
        const meant = events.filter(({ stream, type }) => stream.startsWith(begin) && types.includes(type));
        const last = new Map(meant.map((event) => [event.stream, event]));
        return [...last.values()].map((event) => ({ ...event, recordedAt: new Date(event.recordedAt) }));
      },
    },
    settings: syncSettings.parse({ sweep: { everyMs }, ...settings }),
    customFields: async () => [],
  };
  const event = events[0] as LogEvent;
  return { deps, events, event, asked };
}

async function hintsOf(...[history, shown, settings]: Parameters<typeof world>) {
  const { deps, events, event } = world(history, shown, settings);
  const decided = await when(contactSweepHandler(deps), events, { event, afterMs: 2 * everyMs });
  const hints = decided.append.flatMap((fact) => {
    return fact.type === "contact.reported" ? [[fact.stream, fact.data.change, fact.data.origin].join(" ")] : [];
  });
  const end = decided.append.find((fact) => fact.type === "sync.swept");
  return { hints, swept: end?.data, wakeAfterMs: decided.wakeAfterMs };
}

describe("a sweep", () => {
  test("hints at what GHL shows otherwise than it was last seen, and at nothing that a webhook led to", async () => {
    expect((await hintsOf([seenInGhl], { ghl: [inGhl()] })).hints).toEqual([]);
    expect((await hintsOf([seenInGhl], { ghl: [inGhl({ tags: ["vip"] })] })).hints).toEqual([
      `contact:ghl:${adaInGhl} updated ghl`,
    ]);
    const hinted: Told = ["contact.reported", { ghlContactId: adaInGhl, origin: "ghl", change: "updated" }];
    expect((await hintsOf([seenInGhl, hinted], { ghl: [inGhl({ tags: ["vip"] })] })).hints).toEqual([]);
    expect((await hintsOf([], { ghl: [inGhl()] })).hints).toEqual([`contact:ghl:${adaInGhl} created ghl`]);
  });

  test("takes what CloudTalk's list shows above the last highest id for new, and leaves older ones to an import", async () => {
    const cloudtalk = [inCloudTalk("2001"), inCloudTalk("2003")];
    expect((await hintsOf([], { cloudtalk })).hints).toEqual([]);
    const { hints, swept: facts } = await hintsOf([swept(2002)], { cloudtalk });
    expect(hints).toEqual(["contact:ct:2003 created cloudtalk"]);
    expect(facts).toMatchObject({ contacts: 2, highestId: 2003, hints: { added: 1 } });
  });

  test("has a contact that the list lacks looked at", async () => {
    const { hints } = await hintsOf([seenInCloudTalk(ada)], { cloudtalk: [] });
    expect(hints).toEqual([`contact:ct:${ada} deleted cloudtalk`]);
    const gone: Told = ["contact.deleted", { cloudtalkContactId: ada, side: "cloudtalk" }];
    expect((await hintsOf([seenInCloudTalk(ada), gone], { cloudtalk: [] })).hints).toEqual([]);
  });

  test("sees by a tag's members who got it and who lost it, but not what is ignored", async () => {
    const tags = [{ id: "1", name: "VIP" }];
    const history = [seenInCloudTalk("2001", ["vip"]), seenInCloudTalk("2002"), seenInCloudTalk("2003", ["vip"])];
    const cloudtalk = [
      inCloudTalk("2001"),
      inCloudTalk("2002", { tags: ["VIP"] }),
      inCloudTalk("2003", { tags: ["VIP"] }),
    ];
    expect((await hintsOf(history, { cloudtalk, tags })).hints).toEqual([
      "contact:ct:2001 updated cloudtalk",
      "contact:ct:2002 updated cloudtalk",
    ]);
    const ignoring = { tags: { ignore: ["v*"] } };
    expect((await hintsOf(history.slice(1, 2), { cloudtalk: cloudtalk.slice(1, 2), tags }, ignoring)).hints).toEqual(
      [],
    );
  });

  test("waits for its time, and says how long once around all contacts takes", async () => {
    const { deps, events, event } = world([], {});
    expect(await when(contactSweepHandler(deps), events, { event, afterMs: 1_000 })).toMatchObject({
      ...{ append: [], wakeAfterMs: everyMs - 1_000 },
    });
    const many = Array.from({ length: 25 }, (_, index) => seenInCloudTalk(String(3_000 + index)));
    const cloudtalk = many.map((_, index) => inCloudTalk(String(3_000 + index)));
    expect((await hintsOf(many, { cloudtalk })).swept).toMatchObject({ crawled: 25, crawlSeconds: 180 });
  });
});

describe("the crawl", () => {
  test("opens no more than its share each minute, and hints at what is not as it was seen", async () => {
    const history = Array.from({ length: 30 }, (_, index) => seenInCloudTalk(String(3_000 + index)));
    const cloudtalk = history.map((_, index) => inCloudTalk(String(3_000 + index)));
    const opened = new Set<string>();
    const hints: string[] = [];
    Object.assign(cloudtalk[7] ?? {}, { name: "Ada Bianchi" });
    cloudtalk.splice(9, 1);
    for (let minute = 1; minute <= 3; minute++) {
      const { deps, events, event, asked } = world(history, { cloudtalk });
      const decided = await when(contactCrawlHandler(deps), events, { event, afterMs: minute * 60_000 });
      expect(asked).toHaveLength(10);
      expect(decided.wakeAfterMs).toBe(60_000);
      for (const id of asked) opened.add(id);
      hints.push(...decided.append.map(({ stream }) => stream));
    }
    expect(opened.size).toBe(30);
    expect(hints.sort()).toEqual(["contact:ct:3007", "contact:ct:3009"]);
  });

  test("goes around a list whatever its length", () => {
    const items = [1, 2, 3, 4, 5];
    expect([0, 1, 2].flatMap((turn) => rolling(items, 2, turn))).toEqual([1, 2, 3, 4, 5, 1]);
    expect(rolling(items, 10, 7)).toEqual(items);
    expect(rolling([], 10, 7)).toEqual([]);
  });
});

test("a call of the history hints at its contact once, when it shows a tag or a number that was not seen", async () => {
  const { deps, events } = world([seenInCloudTalk(ada)], {});
  const [eighth, ninth] = ["8", "9"].map((id) => id as HistoryRow["callId"]) as [
    HistoryRow["callId"],
    HistoryRow["callId"],
  ];
  const row = (callId: HistoryRow["callId"], tags: string[]): HistoryRow => {
    return { callId, contact: { id: ada, name: "Ada Rossi", phones: [phone], emails: [], tags } };
  };
  expect(events.some((event) => isEvent(event, "contact.observed"))).toBe(true);
  expect(await hintsInHistory("default", [row(ninth, [])], deps)).toEqual([]);
  const hints = await hintsInHistory("default", [row(eighth, []), row(ninth, ["vip"])], deps);
  expect(hints.map(({ key }) => key)).toEqual([{ fact: `sweep:cloudtalk:${ada}:call:9` }]);
});
