import type { CloudTalk } from "@callbridge/cloudtalk";
import { type CloudTalkContactId, type GhlContactId, stream } from "@callbridge/events";
import type { Ghl, GhlContact, GhlCursor } from "@callbridge/ghl";
import { patiently } from "./patiently.ts";
import { isE164 } from "./person.ts";

export type ListDeps = { cloudtalk: Pick<CloudTalk, "contactsPage">; ghl: Pick<Ghl, "contactsPage"> };

/** A contact as a list shows it. CloudTalk's shows one of its numbers, whichever. */
export type Listed<Id extends string = string> = { id: Id; stream: string; phones: string[] };
export type ListedInGhl = Listed<GhlContactId> & { contact: GhlContact };
export type ListedInCloudTalk = Listed<CloudTalkContactId>;

const ghlRowsPerPage = 500;

export async function listInCloudTalk({ cloudtalk }: ListDeps, signal: AbortSignal): Promise<ListedInCloudTalk[]> {
  const read = patiently(cloudtalk.contactsPage, signal);
  const listed = new Map<CloudTalkContactId, ListedInCloudTalk>();
  for (let page = 1, pages = 1; page <= pages; page++) {
    const answer = await read({ page });
    pages = answer.pages;
    for (const { id, phone } of answer.rows) {
      listed.set(id, { id, stream: stream.cloudtalkContact(id), phones: phone === undefined ? [] : [phone] });
    }
  }
  // Its order is not documented; by id it stays the same when the list changes.
  return [...listed.values()].sort((a, b) => Number(a.id) - Number(b.id));
}

export async function listInGhl({ ghl }: ListDeps, signal: AbortSignal): Promise<Listed<GhlContactId>[]> {
  const read = patiently(ghl.contactsPage, signal);
  const listed = new Map<GhlContactId, Listed<GhlContactId>>();
  for (let after: GhlCursor | undefined, isLast = false; !isLast; ) {
    const { contacts, next } = await read({ after, limit: ghlRowsPerPage });
    for (const contact of contacts) {
      const { contact: _, ...row } = listedInGhl(contact);
      listed.set(contact.id, row);
    }
    after = next;
    isLast = next === undefined;
  }
  return [...listed.values()];
}

export const listedInGhl = (contact: GhlContact): ListedInGhl => {
  const phones = [...new Set(contact.phones.filter(isE164))];
  return { id: contact.id, stream: stream.ghlContact(contact.id), phones, contact };
};

/** Who has a number. */
export function byNumber<Id extends string>(listed: readonly Listed<Id>[]): Map<string, Set<Id>> {
  const holders = new Map<string, Set<Id>>();
  for (const { id, phones } of listed) for (const phone of phones) addHolder(holders, phone, id);
  return holders;
}

export function addHolder<Id>(holders: Map<string, Set<Id>>, phone: string, id: Id): void {
  holders.set(phone, (holders.get(phone) ?? new Set<Id>()).add(id));
}
