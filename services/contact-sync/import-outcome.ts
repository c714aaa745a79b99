import type { LogEvent } from "@callbridge/events";
import type { Outcome } from "./import-tally.ts";
import type { Pair, Side } from "./pair.ts";

/** A counterpart that was made is linked at once, unless it is another's. */
const linkMaxMs = 60_000;
/** Linked ones are compared one after the other; what takes longer than this has trouble of its own. */
const compareMaxMs = 10 * 60_000;

type Asked = {
  from: Side;
  /** Position of the import's request. */
  since: number;
  /** Whether this import has looked for a counterpart already. */
  isIntroduced: boolean;
};

/** How far a contact of an import is, by its own events alone. `fresh`: nobody has looked for its counterpart. Pure. */
export function outcomeIn(
  events: readonly LogEvent[],
  pair: Pair,
  { from, since, isIntroduced }: Asked,
  now: Date,
): Outcome | "fresh" | "under way" {
  const ageMs = (event: LogEvent | undefined) => (event ? now.getTime() - Date.parse(event.recordedAt) : 0);
  if (pair.linked) {
    const link = events.findLast((event) => event.type === "contact.linked");
    if (link?.type !== "contact.linked" || link.position < since) return "linkedBefore";
    if (pair.hints.length > 0 && ageMs(link) < compareMaxMs) return "under way";
    return link.data.because === "created" ? "created" : "linked";
  }
  const kind = from === "ghl" ? "cloudtalk.contact" : "ghl.contact";
  const creation = [...pair.effects.values()].find((effect) => effect.kind === kind);
  if (creation) {
    const last = events.findLast(({ data }) => "effect" in data && data.effect === creation.effect);
    if (!creation.end) return "under way";
    if (creation.end !== "observed") return { refused: because(last) ?? `its making ended as ${creation.end}` };
    return ageMs(last) < linkMaxMs ? "under way" : { refused: "the counterpart that was found is another's" };
  }
  if (pair.erased) return { refused: "erased" };
  if (pair.deleted.has(from)) return { refused: "it is gone" };
  return isIntroduced && events.some(({ type }) => type === "contact.ambiguous") ? "ambiguous" : "fresh";
}

const because = (event: LogEvent | undefined): string | undefined =>
  event && "because" in event.data ? event.data.because : undefined;
