import type { NewEvent } from "./event.ts";

/** A webhook request as the normalisers see it. */
export type Delivery = {
  /** Last part of the path (`call-ended`, `new-tag`), or `native` / `app` for the vendors' signed webhooks. */
  endpoint: string;
  /** The parsed body; undefined when it did not parse. */
  body: unknown;
  /** When it was received, ISO 8601. */
  receivedAt: string;
};

/**
 * What a webhook says, in canonical events. `ignored`: recognised and of no use (probes, SMS, INSTALL). `parked`: not
 * understood, kept so that it can be normalised again later. `because` is for people and holds no personal data.
 */
export type Normalised =
  | { verdict: "accepted"; events: [NewEvent, ...NewEvent[]]; because?: string }
  | { verdict: "ignored" | "parked"; because: string };

/** What a normaliser needs to know of the installation. Pure: no clock, no environment. */
export type NormaliserContext = {
  /** ISO 3166 country of numbers typed without a country code. */
  defaultCountry: string | undefined;
  /** Keyed hash (hex) of a text, for event keys: safe to show, the same text always gives the same hash. */
  hash: (text: string) => string;
};

/** The same value always gives the same text, whatever the order of its keys; absent fields do not count. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}
