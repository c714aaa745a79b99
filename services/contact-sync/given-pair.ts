import type { Contact } from "@callbridge/cloudtalk";
import type { CloudTalkContactId, GhlContactId, LogEvent } from "@callbridge/events";
import type { GhlContact } from "@callbridge/ghl";
import { syncSettings } from "@callbridge/service";
import { memoryLog, type Told, when } from "@callbridge/testing";
import { syncHandler } from "./sync.ts";

/* Tests of the sync tell a history and a world, and are given the decision. */

export const ghlId = "GhlContact0000000002" as GhlContactId;
export const cloudtalkId = "2002" as CloudTalkContactId;
export const phone = "+393000000001";
export const pageOf = (id: string) => `https://crm.example/contacts/${id}`;

export const inGhl = (parts: Partial<GhlContact> = {}): GhlContact => ({
  ...{ id: ghlId, phones: [phone], emails: [], tags: ["vip"], customFields: [], firstName: "Ada", lastName: "Rossi" },
  ...parts,
});
export const inCloudTalk = (parts: Partial<Contact> = {}): Contact => ({
  ...{ id: cloudtalkId, name: "Ada Rossi", company: undefined, phones: [phone], emails: [], tags: ["vip"] },
  ...{ externalUrls: [{ name: "GoHighLevel", url: pageOf(ghlId) }], attributes: [] },
  ...parts,
});

type World = { ghl?: GhlContact[]; index?: GhlContact[]; cloudtalk?: Contact[]; agree?: boolean; settings?: object };

/** Decides on the last event of the history, in a world where the sides have these records. */
export async function sync(
  history: LogEvent[],
  { ghl = [], index = ghl, cloudtalk = [], agree = true, settings }: World,
  afterMs = 20_000,
) {
  const asked: string[] = [];
  const ask = <T>(what: string, answer: T) => {
    asked.push(what);
    return Promise.resolve(answer);
  };
  const handler = syncHandler({
    cloudtalk: {
      contact: (id) =>
        ask(
          `cloudtalk ${id}`,
          cloudtalk.find((one) => one.id === id),
        ),
      findContactsByPhone: (number) =>
        ask(
          "cloudtalk by number",
          cloudtalk.filter(({ phones }) => phones.includes(number)),
        ),
    },
    ghl: {
      contact: (id) =>
        ask(
          `ghl ${id}`,
          ghl.find((one) => one.id === id),
        ),
      findContactsByPhone: (number) =>
        ask("ghl by number", { contacts: index.filter(({ phones }) => phones.includes(number)), agree }),
      contactPage: pageOf,
      contactIdIn: (url) => (url.startsWith(pageOf("")) ? (url.slice(pageOf("").length) as GhlContactId) : undefined),
    },
    log: memoryLog(),
    settings: syncSettings.parse(settings),
    customFields: async () => [],
    indexLagMs: 5_000,
  });
  return { ...(await when(handler, history, { afterMs })), asked };
}

export const typesOf = ({ append }: { append: { type: string }[] }) => append.map(({ type }) => type);

/** A pair that was read and agreed on its name, its number and its tag. */
export const agreedPair: Told[] = [
  "contact.linked",
  [
    "contact.observed",
    { ghlContactId: ghlId, side: "ghl", tags: ["vip"], fields: { name: "Ada Rossi" }, phones: [phone], emails: [] },
  ],
  [
    "contact.observed",
    {
      ...{ cloudtalkContactId: cloudtalkId, side: "cloudtalk", tags: ["vip"], fields: { name: "Ada Rossi" } },
      ...{ phones: [phone], emails: [] },
    },
  ],
  [
    "contact.synced",
    {
      ...{ ghlContactId: ghlId, cloudtalkContactId: cloudtalkId, upTo: 3, writes: { ghl: [], cloudtalk: [] } },
      ...{ tags: ["vip"], fields: { name: "Ada Rossi" }, phones: [phone], emails: [] },
    },
  ],
];
export const reported = (origin: "ghl" | "cloudtalk"): Told => [
  "contact.reported",
  origin === "ghl"
    ? { ghlContactId: ghlId, cloudtalkContactId: undefined, origin, change: "updated" }
    : { ghlContactId: undefined, cloudtalkContactId: cloudtalkId, origin, change: "updated" },
];
