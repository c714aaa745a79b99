import type { Fields } from "@callbridge/vendor";

/** An event holds at most 64 KiB. Encrypted text of this length stays below it, even when every character takes 3 bytes. */
export const noteCharactersMax = 10_000;
/** CloudTalk's own limit for a name is 150; its other short texts end at 255. */
const shortCharactersMax = 300;

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/**
 * CloudTalk answers and sends HTML-escaped text. Unescaped exactly once, in one pass: `&amp;amp;` is what somebody typed
 * as `&amp;`.
 */
function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Text as people read it: unescaped, without control characters and half surrogates (Postgres refuses both), cut. */
export function cleanText(text = "", charactersMax = shortCharactersMax): string | undefined {
  const readable = isPlain.test(text) ? text : unescapeHtml(text).replace(/[^\P{Cc}\n\t]/gu, "");
  const clean = readable.trim().slice(0, charactersMax).toWellFormed();
  return clean === "" ? undefined : clean;
}

/** Printable ASCII without "&", as nearly all texts are: nothing to unescape and nothing to remove. */
const isPlain = /^[ -%'-~]*$/;

const nothing = /^(none|null|nil|nan|n\/a|unknown|true|false|undefined|-+|0+)$/i;

/**
 * An id as it may stand in a stream's name: printable, without spaces, and neither a placeholder nor personal. A phone
 * typed into the field of an id would otherwise travel in the clear and join strangers' calls.
 */
export function readId(text: string | undefined, phones: readonly string[] = []): string | undefined {
  if (text === undefined || !/^[!-~]{1,200}$/.test(text) || nothing.test(text)) return undefined;
  if (text.startsWith("+") || text.includes("@")) return undefined;
  return phones.includes(`+${text}`) ? undefined : text;
}

/** The same object without its absent fields. */
export function known<T extends object>(fields: T): Partial<T> {
  const result: Partial<T> = {};
  for (const key in fields) if (fields[key] !== undefined) result[key] = fields[key];
  return result;
}

/**
 * The same fields, looked for under each prefix in turn: `["", "call."]` finds `direction` and `call.direction`. Most bodies
 * are flat: prefixes that nothing stands below are left out, because a webhook is asked for some hundred names.
 */
export function within(fields: Fields, prefixes: readonly string[]): Fields {
  const used = prefixes.filter((prefix) => prefix === "" || fields.hasBelow(prefix));
  if (used.length === 1 && used[0] === "") return fields;
  const all = (aliases: string[]) => used.flatMap((prefix) => aliases.map((alias) => `${prefix}${alias}`));
  return {
    raw: (...aliases) => fields.raw(...all(aliases)),
    text: (...aliases) => fields.text(...all(aliases)),
    id: (...aliases) => fields.id(...all(aliases)),
    number: (...aliases) => fields.number(...all(aliases)),
    seconds: (...aliases) => fields.seconds(...all(aliases)),
    boolean: (...aliases) => fields.boolean(...all(aliases)),
    instant: (...aliases) => fields.instant(...all(aliases)),
    list: (...aliases) => fields.list(...all(aliases)),
    has: (...aliases) => fields.has(...all(aliases)),
    hasBelow: (prefix) => used.some((one) => fields.hasBelow(`${one}${prefix}`)),
    isEmpty: fields.isEmpty,
  };
}

/** A plausible instant. Templates print zero dates, and a year of five digits is not ISO 8601 to most readers. */
export function readInstant(fields: Fields, ...aliases: string[]): string | undefined {
  const instant = fields.instant(...aliases);
  return instant?.startsWith("2") && instant.length === 24 ? instant : undefined;
}
