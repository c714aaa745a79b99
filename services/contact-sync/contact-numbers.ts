import type { CloudTalk, Contact } from "@callbridge/cloudtalk";
import type { EventLog } from "@callbridge/event-log";
import { type CloudTalkContactId, type LogEvent, stream } from "@callbridge/events";
import type { Fact, SyncSettings } from "@callbridge/service";
import { addHolder, byNumber, type ListDeps, listInCloudTalk } from "./contact-lists.ts";
import { observed } from "./observed.ts";
import { patiently } from "./patiently.ts";
import { personInCloudTalk } from "./person.ts";
import { readPair } from "./read-pair.ts";

export type NumberDeps = ListDeps & {
  cloudtalk: Pick<CloudTalk, "contactsPage" | "contact" | "findContactsByPhone">;
  log: Pick<EventLog, "stream" | "knownStreams">;
  settings: SyncSettings;
};

/** Whose number is whose in CloudTalk, without a search for each: by its lists, and by what was seen of each contact. */
export type Numbers = {
  /** Opens contacts of which only the list is known; undefined: all numbers are known. */
  openSome: (now: Date, signal: AbortSignal, max: number) => Promise<Fact[] | undefined>;
  /** The contacts that have the number now. */
  holders: (phone: string, signal: AbortSignal) => Promise<Contact[]>;
  add: (phones: readonly string[], id: CloudTalkContactId) => void;
  /** When it was seen that the numbers without a holder have none. */
  readAt: () => Date;
};

/** Others make contacts too; what is asked of a list is believed for half as long as the write that follows believes it. */
const freshMs = 2 * 60_000;

/** `hidden` says how numbers are found that no list shows (see `sync.import_planned`). */
export function createNumbers(
  { account, position }: Pick<LogEvent, "account" | "position">,
  hidden: "open" | "search",
  deps: NumberDeps,
): Numbers {
  const opened = new Map<CloudTalkContactId, readonly string[]>();
  let unopened: CloudTalkContactId[] = [];
  let byPhone = new Map<string, Set<CloudTalkContactId>>();
  let readAt = new Date(0);

  async function read(now: Date, signal: AbortSignal): Promise<void> {
    if (now.getTime() - readAt.getTime() < freshMs) return;
    const listed = await listInCloudTalk(deps, signal);
    byPhone = byNumber(listed);
    if (hidden === "open") await recall(listed.map(({ id }) => id));
    unopened = hidden === "open" ? listed.map(({ id }) => id).filter((id) => !opened.has(id)) : [];
    for (const [id, phones] of opened) for (const phone of phones) addHolder(byPhone, phone, id);
    readAt = now;
  }

  /** What was opened before, by this process or another. */
  async function recall(ids: CloudTalkContactId[]): Promise<void> {
    const names = ids.filter((id) => !opened.has(id)).map((id) => stream.cloudtalkContact(id));
    const known = names.length === 0 ? new Set() : await deps.log.knownStreams(account, names, ["contact.observed"]);
    for (const id of ids) {
      if (!known.has(stream.cloudtalkContact(id))) continue;
      const { seen } = await readPair(deps.log, account, stream.cloudtalkContact(id));
      if (seen.cloudtalk) opened.set(id, seen.cloudtalk.phones);
    }
  }

  return {
    add: (phones, id) => {
      for (const phone of phones) addHolder(byPhone, phone, id);
    },
    readAt: () => readAt,
    openSome: async (now, signal, max) => {
      await read(now, signal);
      if (unopened.length === 0) return undefined;
      const open = patiently(deps.cloudtalk.contact, signal);
      const facts: Fact[] = [];
      for (const id of unopened.splice(0, max)) {
        const contact = await open(id);
        const person = contact && personInCloudTalk(contact, deps.settings);
        opened.set(id, person?.phones ?? []);
        for (const phone of person?.phones ?? []) addHolder(byPhone, phone, id);
        if (!person) continue;
        const pair = await readPair(deps.log, account, stream.cloudtalkContact(id));
        const hint = { position, at: now.getTime(), side: undefined };
        facts.push(...observed("cloudtalk", { ...pair, ids: { ...pair.ids, cloudtalk: id } }, person, hint));
      }
      return facts;
    },
    holders: async (phone, signal) => {
      const found: Contact[] = [];
      const open = patiently(deps.cloudtalk.contact, signal);
      for (const id of byPhone.get(phone) ?? []) {
        const contact = await open(id);
        if (contact?.phones.includes(phone)) found.push(contact);
      }
      if (found.length > 0 || hidden === "open") return found;
      return await patiently(deps.cloudtalk.findContactsByPhone, signal)(phone);
    },
  };
}
