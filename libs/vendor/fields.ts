/**
 * Webhook bodies are templates typed by operators: any casing, any separator, numbers as text, objects nested or flat.
 * `readFields` makes every value findable under its plain path (`call_id`, `Call_id` and `callId` are all `callid`;
 * `contact.phone` stays a path) and reads it leniently. An unresolved, empty or stringified-object value is absent.
 */
export type Fields = {
  /** The first alias that has a value. Aliases are written in plain form: lower case, no separators, dots for nesting. */
  raw: (...aliases: string[]) => unknown;
  text: (...aliases: string[]) => string | undefined;
  /** An id: text or number, kept as text. */
  id: (...aliases: string[]) => string | undefined;
  number: (...aliases: string[]) => number | undefined;
  /** Seconds from 65, "65", "00:01:05" or "1:05". */
  seconds: (...aliases: string[]) => number | undefined;
  boolean: (...aliases: string[]) => boolean | undefined;
  /** An ISO instant; a time without a zone is read in UTC. */
  instant: (...aliases: string[]) => string | undefined;
  /** A list, from an array (of texts or of `{name}`), or comma-separated text. */
  list: (...aliases: string[]) => string[] | undefined;
  /** Whether the body has the key at all, even with an empty value. */
  has: (...aliases: string[]) => boolean;
  /** Whether any name stands below this one, written with its dot: `call.`. */
  hasBelow: (prefix: string) => boolean;
  isEmpty: boolean;
};

const depthMax = 6;
const fieldsMax = 2_000;

export function readFields(body: unknown): Fields {
  const values = new Map<string, unknown>();
  flatten(body, "", 0, values);
  // What the operator put into customData on purpose beats what the vendor puts at the top level.
  for (const [path, value] of [...values]) {
    if (path.startsWith("customdata.") && present(value)) values.set(path.slice("customdata.".length), value);
  }

  const prefixes = prefixesIn(values.keys());

  const raw: Fields["raw"] = (...aliases) => {
    for (const alias of aliases) {
      const value = values.get(alias);
      if (present(value)) return value;
    }
    return undefined;
  };
  const first = <T>(aliases: string[], read: (value: unknown) => T | undefined): T | undefined => {
    for (const alias of aliases) {
      const value = values.get(alias);
      const result = present(value) ? read(value) : undefined;
      if (result !== undefined) return result;
    }
    return undefined;
  };
  return {
    raw,
    text: (...aliases) => first(aliases, asText),
    id: (...aliases) => first(aliases, asText),
    number: (...aliases) => first(aliases, asNumber),
    seconds: (...aliases) => first(aliases, asSeconds),
    boolean: (...aliases) => first(aliases, asBoolean),
    instant: (...aliases) => first(aliases, asInstant),
    list: (...aliases) => first(aliases, asList),
    has: (...aliases) => aliases.some((alias) => values.has(alias)),
    hasBelow: (prefix) => prefixes.has(prefix),
    isEmpty: values.size === 0,
  };
}

function prefixesIn(paths: Iterable<string>): Set<string> {
  const prefixes = new Set<string>();
  for (const path of paths) {
    for (let dot = path.indexOf("."); dot !== -1; dot = path.indexOf(".", dot + 1))
      prefixes.add(path.slice(0, dot + 1));
  }
  return prefixes;
}

function flatten(value: unknown, path: string, depth: number, into: Map<string, unknown>): void {
  // Of two spellings of one name (`Call_id`, `call_id`) the first that has a value counts.
  if (path !== "" && !(into.has(path) && (present(into.get(path)) || !present(value)))) into.set(path, value);
  if (typeof value !== "object" || value === null || depth >= depthMax) return;
  for (const [key, child] of Object.entries(value)) {
    if (into.size >= fieldsMax) return;
    const name = plain(key);
    if (name !== "") flatten(child, path === "" ? name : `${path}.${name}`, depth + 1, into);
  }
}

const isAscii = /^[ -~]*$/;
/** Nearly all names are ASCII, for which the question is answered several times faster. */
const plain = (key: string) => key.toLowerCase().replace(isAscii.test(key) ? /[^a-z0-9]/g : /[^\p{L}\p{N}]/gu, "");

function present(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== "string") return true;
  const text = value.trim();
  return (
    text !== "" && !/^(null|undefined|\[object \w+\](,\s*\[object \w+\])*)$/.test(text) && !/^\{\{.*\}\}$/.test(text)
  );
}

function asText(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim();
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

function asNumber(value: unknown): number | undefined {
  const number = typeof value === "number" ? value : typeof value === "string" ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

function asSeconds(value: unknown): number | undefined {
  const clock = typeof value === "string" ? /^(?:(\d+):)?(\d{1,2}):(\d{2})$/.exec(value.trim()) : null;
  if (clock) return Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  const number = asNumber(value);
  return number !== undefined && number >= 0 ? number : undefined;
}

function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  // Not `String(value)`: an object with a key "toString" makes it throw.
  const text = asText(value) ?? "";
  if (/^(true|1|yes)$/i.test(text)) return true;
  return /^(false|0|no)$/i.test(text) ? false : undefined;
}

function asInstant(value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const text = String(value).trim();
  if (/^\d{10}$/.test(text)) return new Date(Number(text) * 1000).toISOString();
  if (/^\d{13}$/.test(text)) return new Date(Number(text)).toISOString();
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/i.test(text) ? text : `${text.replace(" ", "T")}Z`;
  const instant = new Date(zoned);
  return Number.isNaN(instant.getTime()) ? undefined : instant.toISOString();
}

function asList(value: unknown): string[] | undefined {
  const items = Array.isArray(value) ? value : typeof value === "string" ? value.split(",") : undefined;
  return items
    ?.map((item) => asText(typeof item === "object" && item !== null && "name" in item ? item.name : item))
    .filter((item): item is string => item !== undefined && item !== "");
}
