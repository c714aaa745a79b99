import type { Contact } from "@callbridge/cloudtalk";
import { type CloudTalkContactId, canonicalText, type GhlContactId, type Intent, stream } from "@callbridge/events";
import type { GhlContact } from "@callbridge/ghl";
import type { Decision, Fact } from "@callbridge/service";
import {
  type Counterpart,
  counterpartInCloudTalk,
  counterpartInGhl,
  isBeingCopied,
  type PairDeps,
} from "./counterpart.ts";
import { linkedNext } from "./link.ts";
import { isSure, lookAgain } from "./lookups.ts";
import { deleted, observed, synced, type Work } from "./observed.ts";
import type { Pair, Side } from "./pair.ts";
import { fieldKey, nameInCloudTalk, type Person, personInCloudTalk, personInGhl } from "./person.ts";

/** Finds the counterpart of a contact that has none: linked when there is exactly one, made when there is nobody. */
export async function introduce(pair: Pair, work: Work, deps: PairDeps): Promise<Decision> {
  const { ghl, cloudtalk } = pair.ids;
  if (isBeingCopied(pair)) return { wake: [lookAgain(work, "being-made")] };
  if (ghl) return await introduceFromGhl(ghl, pair, work, deps);
  if (cloudtalk) return await introduceFromCloudTalk(cloudtalk, pair, work, deps);
  return await nameTheUnnamed(pair, work, deps);
}

async function introduceFromGhl(id: GhlContactId, pair: Pair, work: Work, deps: PairDeps): Promise<Decision> {
  const contact = await deps.ghl.contact(id);
  if (!contact) return gone(pair, "ghl", work);
  const person = personInGhl(contact, deps.settings, await deps.customFields());
  const counterpart = await counterpartInCloudTalk(contact, pair, deps, work.account);
  const mayCreate = deps.settings.create.cloudtalk && person.phones.length > 0;
  return await concluded("ghl", person, counterpart, pair, work, {
    link: (found, because) => linkedNext(deps.log, work.account, [found, id], because),
    create: mayCreate ? inCloudTalk(contact, person, deps) : undefined,
    deps,
  });
}

async function introduceFromCloudTalk(
  id: CloudTalkContactId,
  pair: Pair,
  work: Work,
  deps: PairDeps,
): Promise<Decision> {
  const contact = await deps.cloudtalk.contact(id);
  if (!contact) return gone(pair, "cloudtalk", work);
  const person = personInCloudTalk(contact, deps.settings);
  const counterpart = await counterpartInGhl(contact, pair, deps, work.account);
  return await concluded("cloudtalk", person, counterpart, pair, work, {
    link: (found, because) => linkedNext(deps.log, work.account, [id, found], because),
    create: deps.settings.create.ghl ? inGhl(contact, person, work, deps) : undefined,
    deps,
  });
}

type Conclusion<Id> = {
  link: (found: Id, because: "phone" | "external-url") => Promise<Fact>;
  create: Intent | undefined;
  deps: PairDeps;
};

async function concluded<Id extends string>(
  side: Side,
  person: Person,
  counterpart: Counterpart<Id>,
  pair: Pair,
  work: Work,
  { link, create, deps }: Conclusion<Id>,
): Promise<Decision> {
  const seen = observed(side, pair, person, work.newest);
  const done = synced(pair, work);
  if (typeof counterpart === "string") {
    const isOver = !create || pair.effects.has(create.effect);
    if (isOver && counterpart !== "being-made") return { append: [...seen, done] };
    if (!isSure(counterpart, work, deps.indexLagMs)) return { wake: [lookAgain(work, counterpart)] };
    if (!create) return { append: [...seen, done] };
    return { append: [...seen, done], intend: [create] };
  }
  if ("found" in counterpart) {
    return { append: [...seen, await link(counterpart.found, counterpart.because), done] };
  }
  const { ambiguous, because } = counterpart;
  const { cloudtalk: cloudtalkContactId, ghl: ghlContactId } = pair.ids;
  const question: Fact = {
    type: "contact.ambiguous",
    stream: work.stream,
    key: { entity: `${work.stream}/ambiguous`, content: canonicalText([because, ...ambiguous].sort()), mode: "state" },
    data: { cloudtalkContactId, ghlContactId, because, candidates: ambiguous },
    personal: {},
  };
  return { append: [...seen, question, done] };
}

const gone = (pair: Pair, side: Side, work: Work): Decision => ({
  append: [...deleted(pair, side), synced(pair, work)],
});

/** The whole contact at once, so that nothing is left to be written when the two are compared for the first time. */
function inCloudTalk(contact: GhlContact, person: Person, { ghl, settings }: PairDeps): Intent {
  const key = `cloudtalk-contact:${contact.id}`;
  const fields = settings.fields.flatMap((rule) => {
    const value = rule.direction === "to-ghl" ? undefined : person.fields[fieldKey(rule)];
    return value === undefined ? [] : [[rule.cloudtalk, value]];
  });
  const name = person.fields.name ?? person.phones[0];
  return {
    kind: "cloudtalk.contact",
    effect: key,
    target: key,
    revision: 0,
    input: {
      name,
      phones: person.phones,
      emails: person.emails,
      fields: Object.fromEntries(fields.filter(([field]) => field !== "name")),
      tags: settings.tags.direction === "to-ghl" ? [] : person.tags.map((tag) => nameInCloudTalk(tag, settings)),
      externalUrl: { name: "GoHighLevel", url: ghl.contactPage(contact.id) },
    },
  };
}

function inGhl(contact: Contact, person: Person, { context }: Work, { settings }: PairDeps): Intent | undefined {
  const [phone] = contact.phones;
  if (!phone) return undefined;
  const fields = settings.fields.flatMap((rule) => {
    const value = rule.direction === "to-cloudtalk" ? undefined : person.fields[fieldKey(rule)];
    return value === undefined ? [] : [[rule.ghl, value]];
  });
  const { name = phone, ...others } = Object.fromEntries(fields) as Record<string, string>;
  return {
    kind: "ghl.contact",
    effect: `ghl-contact:${contact.id}`,
    // Whoever creates a contact with this number, for a call or for a record, does it one after the other.
    target: `ghl-contact:${context.hash(phone)}`,
    revision: 0,
    input: {
      phone,
      name,
      emails: person.emails,
      fields: others,
      tags: settings.tags.direction === "to-cloudtalk" ? [] : person.tags,
    },
  };
}

/** A report that names a contact by its number alone is passed on to the one contact that has it. */
async function nameTheUnnamed(pair: Pair, work: Work, deps: PairDeps): Promise<Decision> {
  const origin: Side = work.newest.side ?? "cloudtalk";
  const ids = new Set<string>();
  for (const phone of pair.phones) {
    const found =
      origin === "ghl"
        ? (await deps.ghl.findContactsByPhone(phone)).contacts
        : await deps.cloudtalk.findContactsByPhone(phone);
    for (const { id } of found) ids.add(id);
  }
  const [id, ...others] = ids;
  const done = synced(pair, work);
  if (id === undefined || others.length > 0) return { append: [done] };
  const named =
    origin === "ghl" ? { ghlContactId: id as GhlContactId } : { cloudtalkContactId: id as CloudTalkContactId };
  return {
    append: [
      {
        type: "contact.reported",
        stream: origin === "ghl" ? stream.ghlContact(id) : stream.cloudtalkContact(id),
        key: { fact: `${work.stream}/named:${work.newest.position}` },
        data: { ...named, origin, change: "updated" },
        personal: {},
      },
      done,
    ],
  };
}
