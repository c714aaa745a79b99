import type { FieldRule, SyncSettings } from "@callbridge/service";
import { fieldKey, nobody, type Person } from "./person.ts";

/** One text of a contact; `from` is what the decision was made on, so that a later change by a person is not overwritten. */
type TextChange = { key: string; field: string; from: string; to: string };
export type SetChange = { add: string[]; remove: string[] };
/** GHL's main phone or e-mail; further ones cannot be written there (facts/ghl.md §8). */
type MainChange = { from: string; to: string };

/** What has to be written so that both sides agree. Empty parts say that nothing differs. */
export type Reconciled = {
  cloudtalk: { fields: TextChange[]; phones: SetChange; emails: SetChange; tags: SetChange };
  ghl: { fields: TextChange[]; phone?: MainChange; email?: MainChange; tags: SetChange };
};

/** Both sides agree. */
export function isNothing({ cloudtalk, ghl }: Reconciled): boolean {
  const sets = [cloudtalk.phones, cloudtalk.emails, cloudtalk.tags, ghl.tags];
  const changes = [...cloudtalk.fields, ...ghl.fields, ...sets.flatMap(({ add, remove }) => [...add, ...remove])];
  return changes.length === 0 && !ghl.phone && !ghl.email;
}

/**
 * The three-way decision. `base` is what both sides last agreed on; absent when they never did. A change is what differs
 * from the base; a removal counts only where the base shows that something was there. Pure.
 */
export function reconcile(
  base: Person | undefined,
  cloudtalk: Person,
  ghl: Person,
  settings: SyncSettings,
): Reconciled {
  const fields = settings.fields.flatMap((rule) => texts(rule, base?.fields, cloudtalk.fields, ghl.fields));
  const common = base ?? nobody;
  const phones = reach(common.phones, cloudtalk.phones, ghl.phones, settings.phones.direction);
  const emails = reach(common.emails, cloudtalk.emails, ghl.emails, settings.emails.direction);
  const tags = united(common.tags, cloudtalk.tags, ghl.tags, settings.tags.direction);
  return {
    cloudtalk: {
      fields: fields.filter(({ side }) => side === "cloudtalk").map(({ text }) => text),
      phones: phones.cloudtalk,
      emails: emails.cloudtalk,
      tags: tags.cloudtalk,
    },
    ghl: {
      fields: fields.filter(({ side }) => side === "ghl").map(({ text }) => text),
      ...(phones.ghl && { phone: phones.ghl }),
      ...(emails.ghl && { email: emails.ghl }),
      tags: tags.ghl,
    },
  };
}

/**
 * The new base: what both sides have now. What only one of them has any more stays as long as it is there, because a
 * removal that is still to be carried over must go on looking like one.
 */
export function agreed(base: Person | undefined, cloudtalk: Person, ghl: Person): Person {
  const known = base ?? nobody;
  const both = (part: "phones" | "emails" | "tags") => {
    const [left, right] = [new Set(cloudtalk[part]), new Set(ghl[part])];
    const shared = cloudtalk[part].filter((item) => right.has(item));
    const leaving = known[part].filter((item) => left.has(item) || right.has(item));
    return [...new Set([...shared, ...leaving])].sort();
  };
  const keys = new Set([...Object.keys(cloudtalk.fields), ...Object.keys(ghl.fields), ...Object.keys(known.fields)]);
  const fields = [...keys].flatMap((key) => {
    const [left, right] = [cloudtalk.fields[key], ghl.fields[key]];
    const value = left === right ? left : known.fields[key];
    return value === undefined ? [] : [[key, value]];
  });
  return { fields: Object.fromEntries(fields), phones: both("phones"), emails: both("emails"), tags: both("tags") };
}

type Texts = Readonly<Record<string, string>>;
type Change = { side: "cloudtalk" | "ghl"; text: TextChange };

function texts(rule: FieldRule, base: Texts | undefined, cloudtalk: Texts, ghl: Texts): Change[] {
  const key = fieldKey(rule);
  const [left, right] = [cloudtalk[key] ?? "", ghl[key] ?? ""];
  if (left === right) return [];
  const toCloudTalk: Change = { side: "cloudtalk", text: { key, field: rule.cloudtalk, from: left, to: right } };
  const toGhl: Change = { side: "ghl", text: { key, field: rule.ghl, from: right, to: left } };
  const isAllowed = ({ side }: Change) => rule.direction === "both" || rule.direction === `to-${side}`;
  // Never agreed on before: nothing that one side lacks was removed there.
  const common = base?.[key];

  if (rule.mode === "append") {
    const whole = appended(rule.owner === "ghl" ? [right, left] : [left, right]);
    return [toCloudTalk, toGhl]
      .map(({ side, text }) => ({ side, text: { ...text, to: whole } }))
      .filter((change) => change.text.from !== whole && isAllowed(change));
  }
  if (rule.mode === "fill-if-empty") {
    const isFilling = common === undefined && (left === "" || right === "");
    return isFilling ? [left === "" ? toCloudTalk : toGhl].filter(isAllowed) : [];
  }
  const winner = winnerOf(rule, common, toCloudTalk, toGhl);
  const other = winner === toCloudTalk ? toGhl : toCloudTalk;
  // A name is never cleared, it comes back.
  const chosen = winner.text.to === "" && key === "name" ? other : winner;
  if (isAllowed(chosen)) return [chosen];
  // One way only: the other side's own change is put right again, but its text is never emptied for it.
  const back = chosen === toCloudTalk ? toGhl : toCloudTalk;
  return back.text.to === "" ? [] : [back];
}

/** Who was changed since they agreed goes to the other; when both were, or nothing is known, the owner's text stands. */
function winnerOf(rule: FieldRule, common: string | undefined, toCloudTalk: Change, toGhl: Change): Change {
  if (common !== undefined) {
    if (toCloudTalk.text.from === common) return toCloudTalk;
    if (toGhl.text.from === common) return toGhl;
  }
  const owners = rule.owner === "ghl" ? toCloudTalk : toGhl;
  const others = rule.owner === "ghl" ? toGhl : toCloudTalk;
  return owners.text.to === "" ? others : owners;
}

/** The owner's text comes first; what one of them contains of the other is not said twice. */
function appended([first, second]: [string, string]): string {
  if (first.includes(second)) return first;
  return second.includes(first) ? second : `${first}; ${second}`;
}

type Direction = SyncSettings["tags"]["direction"];

/** Everything that either side has, without what one of them removed since they agreed. */
function united(base: string[], cloudtalk: string[], ghl: string[], direction: Direction) {
  const [common, left, right] = [new Set(base), new Set(cloudtalk), new Set(ghl)];
  const toCloudTalk: SetChange = {
    add: ghl.filter((item) => !left.has(item) && !common.has(item)),
    remove: cloudtalk.filter((item) => !right.has(item) && common.has(item)),
  };
  const toGhl: SetChange = {
    add: cloudtalk.filter((item) => !right.has(item) && !common.has(item)),
    remove: ghl.filter((item) => !left.has(item) && common.has(item)),
  };
  const none: SetChange = { add: [], remove: [] };
  return {
    cloudtalk: direction === "to-ghl" ? none : toCloudTalk,
    ghl: direction === "to-cloudtalk" ? none : toGhl,
  };
}

/**
 * Phones and e-mails. CloudTalk gets all that GHL has; GHL, where only the main one can be written, gets one when it has
 * none, or another in the place of the main one when that was removed in CloudTalk. What cannot be removed in GHL comes back.
 */
function reach(base: string[], cloudtalk: string[], ghl: string[], direction: Direction) {
  const [common, left, right] = [new Set(base), new Set(cloudtalk), new Set(ghl)];
  const removedInGhl = cloudtalk.filter((item) => !right.has(item) && common.has(item));
  const staying = cloudtalk.filter((item) => !removedInGhl.includes(item));
  const [main = ""] = ghl;
  const mainWasRemoved = main !== "" && !left.has(main) && common.has(main);
  const [replacement = ""] = mainWasRemoved || main === "" ? staying.filter((item) => !right.has(item)) : [];
  const change: MainChange | undefined =
    replacement !== "" && direction !== "to-cloudtalk" ? { from: main, to: replacement } : undefined;
  const missing = ghl.filter((item) => !left.has(item) && !(change && item === change.from));
  const none: SetChange = { add: [], remove: [] };
  return {
    cloudtalk: direction === "to-ghl" ? none : { add: missing, remove: removedInGhl },
    ghl: change,
  };
}
