import type { Shown } from "./records.ts";
import type { Side } from "./schedule.ts";

/**
 * What people last made of one value since both sides agreed on it; a removed member of a set is "". `rest`: what each side
 * showed then. A change that was taken back again may or may not have been seen.
 */
type Item = { agreed: string; rest: Record<Side, string>; since: Partial<Record<Side, string>> };
const untouched = (): Item => ({ agreed: "", rest: { cloudtalk: "", ghl: "" }, since: {} });

/** What people did to the records of one person, and what therefore has to be seen in the end. */
export type Ledger = {
  items: Map<string, Item>;
  /** What lies on one side alone: only people change it. */
  own: Map<string, string>;
  ids: Record<Side, Set<string>>;
  /** Sides where a deed was told of by no webhook: later ones may look like repeats, until somebody sweeps. */
  untold: Set<Side>;
  /** Records that somebody deleted. */
  gone: Map<Side, string>;
  /** How many deeds changed each kind of value, and how many of them met another that was not settled yet. */
  changes: Map<string, number>;
};

export const newLedger = (): Ledger => ({
  items: new Map(),
  own: new Map(),
  ids: { cloudtalk: new Set(), ghl: new Set() },
  untold: new Set(),
  gone: new Map(),
  changes: new Map(),
});

const none: Shown = new Map();
const kindOf = (key: string) =>
  ({ text: "fields", tag: "tags", phone: "phones", email: "emails" })[key.split(":")[0] ?? ""];

/** Enters what a deed changed on a side, and says what that was. */
export function enter(ledger: Ledger, side: Side, before: Shown = none, after: Shown = none): Set<string> {
  const touched = new Set<string>();
  const changed = new Set<string>();
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [from, to] = [before.get(key) ?? "", after.get(key) ?? ""];
    if (from === to) continue;
    changed.add(key);
    if (key.startsWith("own@")) {
      ledger.own.set(key, to);
      continue;
    }
    if (key === "text:company" && side === "ghl") ledger.own.set("company@ghl", to);
    const item = ledger.items.get(key) ?? untouched();
    ledger.items.set(key, item);
    item.since[side] = to;
    const kind = kindOf(key);
    if (kind) touched.add(kind);
  }
  for (const kind of touched) ledger.changes.set(kind, (ledger.changes.get(kind) ?? 0) + 1);
  return changed;
}

/** Both sides have come to rest and were found right: what they show now is what the next deeds start from. */
export function settle(ledger: Ledger, sides: Record<Side, Shown>): void {
  for (const [key, item] of ledger.items) {
    item.agreed = sides.cloudtalk.get(key) ?? "";
    item.rest = { cloudtalk: item.agreed, ghl: sides.ghl.get(key) ?? "" };
    item.since = {};
  }
}

/** What is not as people made it. */
export function wrong(ledger: Ledger, sides: Record<Side, Shown>): string[] {
  const { cloudtalk, ghl } = sides;
  const keys = new Set([...ledger.items.keys(), ...cloudtalk.keys(), ...ghl.keys()]);
  return [...keys].flatMap((key) => {
    if (key.startsWith("own@")) {
      const side = key.startsWith("own@ghl") ? "ghl" : "cloudtalk";
      const now = sides[side].get(key) ?? "";
      const expected = ledger.own.get(key) ?? "";
      return now === expected ? [] : [`${key} is "${now}" and nobody made it so: it was "${expected}"`];
    }
    const [left, right] = [cloudtalk.get(key) ?? "", ghl.get(key) ?? ""];
    const { agreed, rest, since } = ledger.items.get(key) ?? untouched();
    const wasTakenBack = (["cloudtalk", "ghl"] as const).some((side) => since[side] === rest[side]);
    const made = Object.values(since);
    const allowed = made.length === 0 ? [agreed] : wasTakenBack ? [...made, agreed] : made;
    const told = `${key}: CloudTalk "${left}", GHL "${right}"; allowed: ${JSON.stringify(allowed)}`;
    if (key === "text:company") {
      const own = ledger.own.get("company@ghl") ?? "";
      if (right !== own) return [`${told}: GHL's own value was "${own}"`];
      return right === "" || left === right ? [] : [told];
    }
    if (/^(phone|email):/.test(key)) {
      const isAsBefore = wasTakenBack && allowed.includes(left) && (left !== "" || right === "");
      return isAsBefore ? [] : reachable(told, left, right, since, agreed);
    }
    if (left !== right) return [`${told}: they differ`];
    return allowed.includes(left) ? [] : [told];
  });
}

/** GHL cannot hold every number and gives up none but its main one, so CloudTalk may have more, and a removal may come back. */
function reachable(told: string, left: string, right: string, since: Item["since"], agreed: string): string[] {
  if (right !== "" && left === "") return [`${told}: CloudTalk lacks it`];
  if (Object.keys(since).length === 2) return [];
  if (since.ghl !== undefined) return left === since.ghl && (since.ghl === "" || right !== "") ? [] : [told];
  if (since.cloudtalk === "yes") return left === "yes" ? [] : [told];
  if (since.cloudtalk === "") return left === "" || right !== "" ? [] : [`${told}: the removal was undone`];
  return left === agreed ? [] : [told];
}
