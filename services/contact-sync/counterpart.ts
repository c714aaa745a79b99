import type { CloudTalk, Contact } from "@callbridge/cloudtalk";
import type { EventLog } from "@callbridge/event-log";
import { type CloudTalkContactId, type GhlContactId, stream } from "@callbridge/events";
import type { Ghl, GhlContact, GhlCustomField } from "@callbridge/ghl";
import type { SyncSettings } from "@callbridge/service";
import { type Pair, pairName } from "./pair.ts";
import { readPair } from "./read-pair.ts";

export type CounterpartDeps = {
  cloudtalk: Pick<CloudTalk, "contact" | "findContactsByPhone">;
  ghl: Pick<Ghl, "contact" | "findContactsByPhone" | "contactIdIn">;
  log: Pick<EventLog, "stream">;
};

/** What a decision about a pair needs. */
export type PairDeps = CounterpartDeps & {
  ghl: Pick<Ghl, "contactPage">;
  settings: SyncSettings;
  /** The definitions of GHL's custom fields, which the mapping may name. */
  customFields: () => Promise<readonly GhlCustomField[]>;
  /** How long a search index may lag behind; nobody is created, or taken for gone without a successor, before. Milliseconds. */
  indexLagMs: number;
};

/**
 * Who a contact is on the other side. `later`: the other side's look-ups disagree, as they do for seconds after a change.
 * `being-made`: one record is being made of the other at this moment, and how that ends will link them.
 */
export type Counterpart<Id> =
  | { found: Id; because: "phone" | "external-url" }
  | {
      ambiguous: Id[];
      because: "several-in-ghl" | "several-in-cloudtalk" | "linked-to-another";
    }
  | "nobody"
  | "later"
  | "being-made";

/**
 * The CloudTalk contact of a GHL contact: the one whose link leads to it, else the only one with exactly one of its numbers,
 * when nobody else in GHL has that number. Whoever is linked to somebody else, or was parted from this one, is no candidate.
 */
export async function counterpartInCloudTalk(
  contact: GhlContact,
  pair: Pair,
  { cloudtalk, ghl, log }: CounterpartDeps,
  account: string,
): Promise<Counterpart<CloudTalkContactId>> {
  const found = new Map<CloudTalkContactId, Contact>();
  for (const phone of contact.phones) {
    for (const one of await cloudtalk.findContactsByPhone(phone)) found.set(one.id, one);
  }
  const candidates = [...found.values()].filter(({ id }) => !pair.parted.has(pairName(id, contact.id)));
  const pointing = candidates.filter((one) => pageOf(one, ghl) === contact.id);
  const [only, ...others] = pointing.length > 0 ? pointing : candidates;
  if (!only) return "nobody";
  if (others.length > 0) {
    return { ambiguous: candidates.map(({ id }) => id), because: "several-in-cloudtalk" };
  }
  const page = pageOf(only, ghl);
  const linked = await readPair(log, account, stream.cloudtalkContact(only.id));
  if (isBeingCopied(linked)) return "being-made";
  const owner = linked.linked ? { ghl: linked.ids.ghl } : linked.settled;
  const isAnothers = owner
    ? owner.ghl !== contact.id
    : page !== undefined && page !== contact.id && (await ghl.contact(page)) !== undefined;
  if (isAnothers) return { ambiguous: [only.id], because: "linked-to-another" };
  if (pointing.length > 0) return { found: only.id, because: "external-url" };
  // A person has said that it is this one.
  if (owner) return { found: only.id, because: "phone" };
  const phones = contact.phones.filter((phone) => only.phones.includes(phone));
  const holders = await holdersInGhl({ id: only.id, phones }, linked, ghl);
  const hasRival = holders.ids.some((id) => id !== contact.id);
  return hasRival ? { ambiguous: [only.id], because: "several-in-ghl" } : { found: only.id, because: "phone" };
}

/** The GHL contact of a CloudTalk contact, in the same way. */
export async function counterpartInGhl(
  contact: Contact,
  pair: Pair,
  { ghl, log }: CounterpartDeps,
  account: string,
): Promise<Counterpart<GhlContactId>> {
  const isFree = (id: GhlContactId) => !pair.parted.has(pairName(contact.id, id));
  const recordOf = (id: GhlContactId) => readPair(log, account, stream.ghlContact(id));
  const isAnothers = (record: Pair) => record.linked && record.ids.cloudtalk !== contact.id;
  const page = pageOf(contact, ghl);
  if (page && isFree(page) && (await ghl.contact(page))) {
    if (isAnothers(await recordOf(page))) return { ambiguous: [page], because: "linked-to-another" };
    return { found: page, because: "external-url" };
  }
  const { ids, agree } = await holdersInGhl(contact, pair, ghl);
  const [only, ...others] = ids;
  if (others.length > 0) return { ambiguous: ids, because: "several-in-ghl" };
  if (!agree) return "later";
  if (!only) return "nobody";
  const record = await recordOf(only);
  if (isBeingCopied(record)) return "being-made";
  if (isAnothers(record)) return { ambiguous: [only], because: "linked-to-another" };
  return { found: only, because: "phone" };
}

/** Who has one of its numbers in GHL and was not parted from it. `agree` is what GHL's look-ups do. */
async function holdersInGhl(
  { id, phones }: Pick<Contact, "id" | "phones">,
  { parted }: Pair,
  ghl: Pick<Ghl, "findContactsByPhone">,
) {
  const found = new Set<GhlContactId>();
  let agree = true;
  for (const phone of phones) {
    const answer = await ghl.findContactsByPhone(phone);
    agree &&= answer.agree;
    for (const { id: holder } of answer.contacts) found.add(holder);
  }
  return { ids: [...found].filter((holder) => !parted.has(pairName(id, holder))), agree };
}

/**
 * Whether a counterpart of this contact is being made. It may be there already without our knowing, and look like somebody
 * who merely has the same number: linked as such, its copy of an old name would overwrite what was changed since.
 */
export function isBeingCopied({ effects, linked }: Pair): boolean {
  const making = [...effects.values()].filter(({ kind }) => kind === "ghl.contact" || kind === "cloudtalk.contact");
  return !linked && making.some(({ end }) => end === undefined);
}

function pageOf({ externalUrls }: Contact, ghl: Pick<Ghl, "contactIdIn">): GhlContactId | undefined {
  return externalUrls.map(({ url }) => ghl.contactIdIn(url)).find((id) => id !== undefined);
}
