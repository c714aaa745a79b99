import type { GhlContactId } from "@callbridge/events";
import type { Fields } from "@callbridge/vendor";

/** Names, tags, stages: longer than any real one, and short enough for the catalogue's ids. */
const lineCharactersMax = 200;
/** A note stays far below the 64 KiB of an event, whatever its script. The whole text can be read from GHL by its id. */
const noteCharactersMax = 10_000;
const tagsMax = 200;
const tagListCharactersMax = 12_000;

/** One line of text, trimmed and cut. Postgres stores neither NUL nor half a surrogate pair, so they go here. */
export function line(value: string | undefined): string | undefined {
  return tidy(value, lineCharactersMax);
}

export function noteText(value: string | undefined): string | undefined {
  return tidy(value, noteCharactersMax);
}

function tidy(value: string | undefined, charactersMax: number): string | undefined {
  const text = value?.replaceAll("\u0000", "").trim().slice(0, charactersMax).toWellFormed().trim();
  return text === "" ? undefined : text;
}

/**
 * An id of GHL, from the first alias that holds one. Ids name streams, so whatever an operator maps there by mistake
 * (an e-mail address, a phone number, a CloudTalk id: GHL's own are never digits alone) is not taken for one.
 */
export function ghlId(fields: Fields, ...aliases: string[]): string | undefined {
  for (const alias of aliases) {
    const id = fields.id(alias);
    if (id !== undefined && /^[\w-]{1,100}$/.test(id) && !/^\d{7,15}$/.test(id)) return id;
  }
  return undefined;
}

export function ghlContactId(fields: Fields, ...aliases: string[]): GhlContactId | undefined {
  return ghlId(fields, ...aliases) as GhlContactId | undefined;
}

/** Tags as given, trimmed, each once whatever its casing (GHL stores them in lower case). Undefined when none is said. */
export function tagList(fields: Fields, ...aliases: string[]): string[] | undefined {
  const given = fields.list(...aliases);
  if (!given) return undefined;
  const tags = new Map<string, string>();
  let characters = 0;
  for (const item of given) {
    const tag = /^\{\{.*\}\}$/.test(item) ? undefined : line(item);
    if (tag === undefined || tags.has(tag.toLowerCase())) continue;
    characters += tag.length;
    if (tags.size >= tagsMax || characters > tagListCharactersMax) break;
    tags.set(tag.toLowerCase(), tag);
  }
  return [...tags.values()];
}
