import type { Contact } from "@callbridge/cloudtalk";
import { contactLinked, contactUnlinked, type EffectKind, type Intent } from "@callbridge/events";
import type { GhlContact } from "@callbridge/ghl";
import type { Decision, Fact } from "@callbridge/service";
import { counterpartInCloudTalk, counterpartInGhl, type PairDeps } from "./counterpart.ts";
import { linkedNext } from "./link.ts";
import { isSure, lookAgain } from "./lookups.ts";
import { agreedWhenMade } from "./made.ts";
import { deleted, observed, samePerson, synced, type Work } from "./observed.ts";
import { afterWrites, type Pair, pairName, type Side } from "./pair.ts";
import { type Person, personInCloudTalk, personInGhl } from "./person.ts";
import { agreed, type Reconciled, reconcile, type SetChange } from "./three-way.ts";

/** CloudTalk keeps this many links at a contact (facts/cloudtalk.md §1.6). */
const linksMax = 3;

/** Reads a known pair and writes to each side what it lacks of the other. Only what was hinted at is read first. */
export async function compare(pair: Pair, work: Work, deps: PairDeps): Promise<Decision> {
  const { settings } = deps;
  const hinted = new Set(pair.hints.flatMap(({ side }) => side ?? (["ghl", "cloudtalk"] as const)));
  const isNew = !pair.base || !pair.seen.ghl || !pair.seen.cloudtalk;
  const reads = reading(pair, work, deps);

  const [side, ...more] = hinted;
  if (side && more.length === 0 && !isNew) {
    const person = await personOn(side);
    const known = pair.seen[side];
    if (person && known && samePerson(known, person))
      return { append: [...echo(pair, side, work), synced(pair, work)] };
  }

  const [ghl, cloudtalk] = [await personOn("ghl"), await personOn("cloudtalk")];
  if (!ghl || !cloudtalk) return await withoutOne(pair, { ghl, cloudtalk }, work, deps, reads);
  const base = pair.base ?? agreedWhenMade(pair, { cloudtalk, ghl }, settings);
  const soon = afterWrites({ ...pair, base }, { cloudtalk, ghl });
  const reconciled = reconcile(soon.base, soon.cloudtalk, soon.ghl, settings);
  const contact = await reads.cloudtalk();
  const intend = writes(pair, reconciled, missingLink(pair, contact, deps), work);
  const news = [...observed("ghl", pair, ghl, work.newest), ...observed("cloudtalk", pair, cloudtalk, work.newest)];
  const parts = { ghl: partsOf(intend, "ghl"), cloudtalk: partsOf(intend, "cloudtalk") };
  return { append: [...news, synced(pair, work, agreed(base, cloudtalk, ghl), parts)], intend };

  async function personOn(one: Side): Promise<Person | undefined> {
    if (one === "ghl") {
      const found = await reads.ghl();
      return found && personInGhl(found, settings, await deps.customFields());
    }
    const found = await reads.cloudtalk();
    return found && personInCloudTalk(found, settings);
  }
}

type Reads = { ghl: () => Promise<GhlContact | undefined>; cloudtalk: () => Promise<Contact | undefined> };

/**
 * Each side is read once for a decision. A decision that is made again reads again: what the log has learnt meanwhile (a
 * write of ours that came off) may not be in an answer that was given before.
 */
function reading({ ids, position }: Pair, { context }: Work, { ghl, cloudtalk }: PairDeps): Reads {
  const { ghl: ghlId, cloudtalk: cloudtalkId } = ids;
  return {
    ghl: () => context.once(`ghl:${position}`, async () => ghlId && (await ghl.contact(ghlId))),
    cloudtalk: () =>
      context.once(`cloudtalk:${position}`, async () => cloudtalkId && (await cloudtalk.contact(cloudtalkId))),
  };
}

/** A side shows just what we wrote there: the report was our own write coming back. */
function echo({ ids, unechoed }: Pair, side: Side, { stream }: Work): Fact[] {
  const effect = unechoed[side];
  if (effect === undefined) return [];
  const data = { cloudtalkContactId: ids.cloudtalk, ghlContactId: ids.ghl, effect, origin: side };
  return [{ type: "echo.recognised", stream, key: { fact: `echo:${effect}` }, data, personal: {} }];
}

/** The contact's page in the CRM, for agents; set once, because somebody may have removed it on purpose. */
function missingLink({ ids, effects }: Pair, contact: Contact | undefined, { ghl }: PairDeps) {
  if (!ids.ghl || !contact || contact.externalUrls.length >= linksMax) return undefined;
  if (contact.externalUrls.some(({ url }) => ghl.contactIdIn(url) === ids.ghl)) return undefined;
  const wasSet = [...effects.values()].some(
    ({ input, vendorId }) => input?.externalUrl && (input.contactId ?? vendorId) === ids.cloudtalk,
  );
  return wasSet ? undefined : { name: "GoHighLevel", url: ghl.contactPage(ids.ghl) };
}

type Link = { name: string; url: string };

/** One write for each kind of change, so that a number which a vendor refuses holds up neither names nor tags. */
function writes({ ids }: Pair, { ghl, cloudtalk }: Reconciled, externalUrl: Link | undefined, work: Work): Intent[] {
  const write = (side: Side, part: string, input: object): Intent => {
    const contactId = ids[side];
    const kind: EffectKind = part === "tags" ? `${side}.tags` : `${side}.contact_update`;
    const target = `${side}-${part === "tags" ? "tags" : "contact-update"}:${contactId}`;
    const effect = `sync:${side}:${contactId}:${part}:${work.newest.position}`;
    return { kind, effect, target, revision: 0, input: { contactId, ...input } };
  };
  const isChange = ({ add, remove }: SetChange) => add.length + remove.length > 0;
  return [
    ...(ghl.fields.length > 0 ? [write("ghl", "fields", { fields: ghl.fields })] : []),
    ...(ghl.phone ? [write("ghl", "phones", { phone: ghl.phone })] : []),
    ...(ghl.email ? [write("ghl", "emails", { email: ghl.email })] : []),
    ...(isChange(ghl.tags) ? [write("ghl", "tags", ghl.tags)] : []),
    ...(cloudtalk.fields.length > 0 || externalUrl
      ? [write("cloudtalk", "fields", { fields: cloudtalk.fields, ...(externalUrl && { externalUrl }) })]
      : []),
    ...(isChange(cloudtalk.phones) ? [write("cloudtalk", "phones", { phones: cloudtalk.phones })] : []),
    ...(isChange(cloudtalk.emails) ? [write("cloudtalk", "emails", { emails: cloudtalk.emails })] : []),
    ...(isChange(cloudtalk.tags) ? [write("cloudtalk", "tags", cloudtalk.tags)] : []),
  ];
}

/** Which parts of a contact are being written on a side, for people who read the log. */
function partsOf(intents: readonly Intent[], side: Side): string[] {
  return intents.filter(({ kind }) => kind.startsWith(`${side}.`)).map(({ effect }) => effect.split(":").at(-2) ?? "");
}

/**
 * A record is gone. It was merged when exactly one other has a number of the side that is left: then that one takes its
 * place. Else it was deleted, and nothing is made anew; it is deleted on the other side only where that is switched on, and
 * where nobody at all could be its successor.
 */
async function withoutOne(
  pair: Pair,
  persons: { ghl: Person | undefined; cloudtalk: Person | undefined },
  work: Work,
  deps: PairDeps,
  reads: Reads,
): Promise<Decision> {
  const { ghl, cloudtalk } = pair.ids;
  const missing = (["ghl", "cloudtalk"] as const).filter((side) => !persons[side]);
  const facts = missing.flatMap((side) => deleted(pair, side));
  const done = synced(pair, work);
  const [left] = (["ghl", "cloudtalk"] as const).filter((side) => persons[side]);
  if (!left || !ghl || !cloudtalk) return { append: [...facts, done] };

  // The index may still show the record that is gone, which is no successor of itself.
  const parted = new Set([...pair.parted, pairName(cloudtalk, ghl)]);
  const survivor = await successor(left, { ...pair, parted }, work, deps, reads);
  if (typeof survivor === "function") {
    const times = pair.unlinks.get(cloudtalk) ?? 0;
    const parting = contactUnlinked({ cloudtalkContactId: cloudtalk, ghlContactId: ghl }, "merged", times);
    return { append: [...facts, ...parting, ...survivor(times), done] };
  }
  const isNews = facts.length > 0;
  if (isNews && !isSure(survivor, work, deps.indexLagMs)) return { wake: [lookAgain(work, survivor)] };
  const person = persons[left];
  const news = person ? observed(left, pair, person, work.newest) : [];
  const append = [...facts, ...news, done];
  if (!deps.settings.deletions || !isNews || survivor !== "nobody") return { append };
  const contactId = pair.ids[left];
  const key = `${left}-deletion:${contactId}`;
  const kind: EffectKind = `${left}.contact_deletion`;
  return { append, intend: [{ kind, effect: key, target: key, revision: 0, input: { contactId } }] };
}

type Successor = ((times: number) => Fact[]) | "nobody" | "later" | "being-made" | "several";

/** The record that took the place of the one that is gone, as the fact that links it. */
async function successor(left: Side, pair: Pair, { account }: Work, deps: PairDeps, reads: Reads): Promise<Successor> {
  const { cloudtalk } = pair.ids;
  if (left === "cloudtalk" && cloudtalk) {
    const contact = await reads.cloudtalk();
    if (!contact) return "nobody";
    const found = await counterpartInGhl(contact, pair, deps, account);
    if (typeof found === "string") return found;
    if (!("found" in found)) return "several";
    const link = { cloudtalkContactId: cloudtalk, ghlContactId: found.found };
    return (times) => [contactLinked(link, "merged", times + 1)];
  }
  const contact = await reads.ghl();
  if (!contact) return "nobody";
  const found = await counterpartInCloudTalk(contact, pair, deps, account);
  if (typeof found === "string") return found;
  if (!("found" in found)) return "several";
  const link = await linkedNext(deps.log, account, [found.found, contact.id], "merged");
  return () => [link];
}
