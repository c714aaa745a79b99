import type { Work } from "./observed.ts";

/** The two look-ups of the CRM may disagree for as long as its index lags; then what was found is believed. */
const disagreementMaxMs = 60_000;
const lookAgainMs = 3_000;
/** A write in doubt takes half a minute to be read back. */
const beingMadeMs = 10_000;

/** Whether nobody can still turn up who merely was not found yet. */
export function isSure(found: string, { newest, context }: Work, indexLagMs: number): boolean {
  if (found === "being-made") return false;
  return context.now.getTime() - newest.at >= (found === "later" ? disagreementMaxMs : indexLagMs);
}

export function lookAgain({ stream, context }: Work, found?: string) {
  const afterMs = found === "being-made" ? beingMadeMs : lookAgainMs;
  return { key: `sync:${stream}`, at: new Date(context.now.getTime() + afterMs) };
}
