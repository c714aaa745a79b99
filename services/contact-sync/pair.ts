import {
  type CloudTalkContactId,
  type ContactLink,
  type Effect,
  type EventData,
  evolveEffects,
  type GhlContactId,
  type LogEvent,
} from "@callbridge/events";
import { nobody, type Person } from "./person.ts";
import { applied, willComeOff, writeOf } from "./writes.ts";

export type Side = "cloudtalk" | "ghl";

/** Something that may have changed a side; undefined: either. `at` is the moment it was recorded, in milliseconds. */
export type Hint = { position: number; at: number; side: Side | undefined };

/** The two sides' records of one person, as all their events together tell it. */
export type Pair = {
  ids: { cloudtalk?: CloudTalkContactId; ghl?: GhlContactId };
  linked: boolean;
  /** What each side showed when it was last read, with our own writes since laid over it. */
  seen: { cloudtalk?: Person; ghl?: Person };
  /** Sides on which the record is gone. */
  deleted: ReadonlySet<Side>;
  /** What both last agreed on. */
  base: Person | undefined;
  /** Hints that no comparison has considered yet, in order. */
  hints: readonly Hint[];
  /** By `pairName`: a person, or a merge, has parted them. */
  parted: ReadonlySet<string>;
  /** A person has said whose this record is, without linking it; `ghl` is absent: nobody's. */
  settled: { ghl?: GhlContactId | undefined } | undefined;
  /** How often each CloudTalk contact was unlinked: its next link is a new fact. */
  unlinks: ReadonlyMap<string, number>;
  /** Our last write to each side that no report has echoed yet. */
  unechoed: { cloudtalk?: string; ghl?: string };
  phones: readonly string[];
  effects: ReadonlyMap<string, Effect>;
  erased: boolean;
  position: number;
};

const newPair: Pair = {
  ids: {},
  linked: false,
  seen: {},
  deleted: new Set(),
  base: undefined,
  hints: [],
  parted: new Set(),
  settled: undefined,
  unlinks: new Map(),
  unechoed: {},
  phones: [],
  effects: new Map(),
  erased: false,
  position: 0,
};

export const foldPair = (events: Iterable<LogEvent>): Pair => [...events].reduce(evolvePair, newPair);

/**
 * Both records, and what they agree on, as they will be once our writes under way have come off: what such a write adds
 * came from the other side, so what that side has no longer was removed there.
 */
export function afterWrites({ base, effects, ids }: Pair, persons: Record<Side, Person>) {
  const soon: Record<Side, Person> & { base: Person | undefined } = { ...persons, base };
  for (const effect of effects.values()) {
    const [side, write] = [sideOf(effect, ids), writeOf(effect.input)];
    if (effect.end || !side || !willComeOff(soon[side], write)) continue;
    soon[side] = applied(soon[side], write);
    soon.base = applied(soon.base ?? nobody, write);
  }
  return soon;
}

/** The side that a write changes; undefined when it changes no contact, or one that the pair was linked with before. */
function sideOf({ kind, input }: Effect, ids: Pair["ids"]): Side | undefined {
  const side = (["cloudtalk", "ghl"] as const).find((one) =>
    [`${one}.contact_update`, `${one}.tags`, `${one}.contact`].includes(kind),
  );
  const isFormer = side && input?.contactId !== undefined && input.contactId !== ids[side];
  return isFormer ? undefined : side;
}

function evolvePair(before: Pair, event: LogEvent): Pair {
  const named = idsIn(event.stream);
  const pair: Pair = {
    ...before,
    effects: evolveEffects(before.effects, event),
    erased: before.erased || event.erased,
    position: event.position,
    ...(!before.linked && { ids: { ...before.ids, ...named } }),
  };
  // A second record of the same person, linked by mistake: what happens to it is not said of this pair.
  if (before.linked && isOther(named, before.ids)) return { ...pair, unlinks: timesUnlinked(pair.unlinks, event) };
  const hinted = (side: Side | undefined): Pair => {
    const hint = { position: event.position, at: Date.parse(event.recordedAt), side };
    return { ...pair, hints: [...pair.hints, hint] };
  };
  switch (event.type) {
    case "contact.reported":
    case "contact.tagged":
    case "contact.untagged":
    case "contact.tags_reported":
      return { ...hinted(event.data.origin), phones: event.personal.phones ?? pair.phones };
    case "contact.linked":
      return pair.linked ? pair : linkedAs(isToBeCompared(event.data) ? hinted(undefined) : pair, event.data);
    case "contact.unlinked":
      return unlinked({ ...pair, unlinks: timesUnlinked(pair.unlinks, event) }, event.data, named);
    case "contact.settled":
      return { ...pair, settled: { ghl: event.data.belongsTo } };
    case "contact.observed": {
      const { side, tags } = event.data;
      const { fields = {}, phones = [], emails = [] } = event.personal;
      const deleted = new Set([...pair.deleted].filter((one) => one !== side));
      return { ...pair, deleted, seen: { ...pair.seen, [side]: { fields, phones, emails, tags } } };
    }
    case "contact.deleted":
      return { ...pair, deleted: new Set([...pair.deleted, event.data.side]) };
    case "contact.synced": {
      const { upTo, tags, cloudtalkContactId: cloudtalk, ghlContactId: ghl } = event.data;
      const { fields, phones = [], emails = [] } = event.personal;
      const base = tags && fields ? { fields, phones, emails, tags } : pair.base;
      // As long as a record was alone, the other one was not looked at.
      const alone = cloudtalk && !ghl ? "cloudtalk" : ghl && !cloudtalk ? "ghl" : undefined;
      const isOpen = ({ position, side }: Hint) => position > upTo || (alone && side && side !== alone);
      return { ...pair, base, hints: pair.hints.filter(isOpen) };
    }
    case "echo.recognised": {
      // Notes have echoes too, and are no writes to the contact itself.
      if (pair.unechoed[event.data.origin] !== event.data.effect) return pair;
      const { [event.data.origin]: _, ...unechoed } = pair.unechoed;
      return { ...pair, unechoed };
    }
    case "effect.observed":
      return written(pair, before, event.data.effect);
    default:
      return pair;
  }
}

/**
 * A call changes nothing about a contact, and calls need the vendors' budget for themselves: a pair that one has linked is
 * compared when something is reported of it, or when the sweep comes by.
 */
const isToBeCompared = ({ because, compared }: EventData<"contact.linked">) => because !== "call" && !compared;

const isOther = (named: Pair["ids"], own: Pair["ids"]) =>
  (named.cloudtalk !== undefined && named.cloudtalk !== own.cloudtalk) ||
  (named.ghl !== undefined && named.ghl !== own.ghl);

/** From now on the two are one, with nothing agreed on yet. What was seen of another record is not theirs. */
function linkedAs(pair: Pair, { cloudtalkContactId: cloudtalk, ghlContactId: ghl }: ContactLink): Pair {
  const seen = {
    ...(pair.ids.cloudtalk === cloudtalk && pair.seen.cloudtalk && { cloudtalk: pair.seen.cloudtalk }),
    ...(pair.ids.ghl === ghl && pair.seen.ghl && { ghl: pair.seen.ghl }),
  };
  return { ...pair, ids: { cloudtalk, ghl }, linked: true, settled: undefined, base: undefined, seen };
}

function unlinked(
  pair: Pair,
  { cloudtalkContactId: cloudtalk, ghlContactId: ghl }: ContactLink,
  named: Pair["ids"],
): Pair {
  const parted = new Set([...pair.parted, pairName(cloudtalk, ghl)]);
  const isOurs = pair.ids.cloudtalk === cloudtalk && pair.ids.ghl === ghl;
  if (!isOurs) return { ...pair, parted };
  return { ...pair, parted, ids: named, linked: false, base: undefined };
}

/** Both records are told; the CloudTalk contact's own event counts. */
function timesUnlinked(unlinks: Pair["unlinks"], event: LogEvent): Pair["unlinks"] {
  if (event.type !== "contact.unlinked") return unlinks;
  const { cloudtalkContactId: id } = event.data;
  return idsIn(event.stream).cloudtalk === id ? new Map([...unlinks, [id, (unlinks.get(id) ?? 0) + 1]]) : unlinks;
}

export const pairName = (cloudtalk: CloudTalkContactId, ghl: GhlContactId) => `${cloudtalk}/${ghl}`;

/** A write of ours came off: its side now has it, and the other side had it when the write was decided on. */
function written(pair: Pair, before: Pair, name: string): Pair {
  const effect = pair.effects.get(name);
  const side = effect && sideOf(effect, pair.ids);
  if (!effect || !side || before.effects.get(name)?.end) return pair;
  const write = writeOf(effect.input);
  const seen = pair.seen[side];
  return {
    ...pair,
    ...(seen && { seen: { ...pair.seen, [side]: applied(seen, write) } }),
    ...(pair.linked && { base: applied(pair.base ?? nobody, write) }),
    unechoed: { ...pair.unechoed, [side]: name },
  };
}

function idsIn(stream: string): Pair["ids"] {
  const [, kind, id] = /^contact:(ct|ghl):(.+)$/.exec(stream) ?? [];
  if (id === undefined) return {};
  return kind === "ct" ? { cloudtalk: id as CloudTalkContactId } : { ghl: id as GhlContactId };
}
