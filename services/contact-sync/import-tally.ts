import type { ImportTally } from "@callbridge/events";

/** What became of one contact of an import. */
export type Outcome =
  | "linkedBefore"
  | "linked"
  | "created"
  | "ambiguous"
  | "withoutNumber"
  /** Why it was not brought over. */
  | { refused: string };

/** Vendors put ids and times into their reasons; an event lists no more than this many different ones. */
const reasonsMax = 40;
const reasonCharactersMax = 120;
const otherReasons = "other reasons";

export function tallyOf(outcomes: Iterable<Outcome>, before?: ImportTally): ImportTally {
  const tally: ImportTally = structuredClone(
    before ?? { found: 0, linkedBefore: 0, linked: 0, created: 0, ambiguous: 0, withoutNumber: 0, refused: {} },
  );
  for (const outcome of outcomes) {
    tally.found += 1;
    if (typeof outcome === "string") tally[outcome] += 1;
    else {
      const reason = outcome.refused.replace(/\d+/g, "#").slice(0, reasonCharactersMax);
      const isRoom = reason in tally.refused || Object.keys(tally.refused).length < reasonsMax;
      const name = isRoom ? reason : otherReasons;
      tally.refused[name] = (tally.refused[name] ?? 0) + 1;
    }
  }
  return tally;
}
