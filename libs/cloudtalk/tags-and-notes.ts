import type { Fields } from "@callbridge/vendor";
import { cleanText, noteCharactersMax } from "./text.ts";

/** A body may carry CloudTalk's whole list; more than this is not a list of tags or notes. */
const itemsMax = 50;
const tagCharactersMax = 150;

/** `named`: the tags this report is about. `listed`: all tags of the call or contact as they are now. */
export type Tags = { named: string[]; listed: string[] };

export function readTags(fields: Fields): Tags {
  const one = fields.text("tagname", "tag.name", "tag.label", "tag", "newtag", "addedtag", "call.tag");
  const named = cleanText(one, tagCharactersMax);
  const list = texts(
    fields.raw("tags", "calltags", "contacttags", "call.tags", "contact.tags"),
    ["name", "label", "title"],
    ",",
  );
  return {
    named: named === undefined ? [] : [named],
    listed: distinctTags(list.map((text) => cleanText(text, tagCharactersMax))),
  };
}

/** Tags differ by more than their casing: `VIP` and `vip` are one. */
export function distinctTags(tags: (string | undefined)[]): string[] {
  const known = tags.filter((tag) => tag !== undefined);
  const first = new Map(known.toReversed().map((tag) => [tag.toLowerCase(), tag]));
  return [...first.values()].reverse().slice(0, itemsMax);
}

export type Note = { text: string; author: string | undefined };

/** `anywhere`: the delivery is a note for certain, so that vague names (`text`, `content`) count too. */
export function readNotes(fields: Fields, anywhere: boolean): Note[] {
  const aliases = [
    "note",
    "notecontent",
    "notetext",
    "notebody",
    "note.body",
    "note.content",
    "note.text",
    "note.note",
  ];
  const vague = anywhere ? ["content", "text", "comment", "body", "message"] : [];
  const single = fields.text(...aliases, "callnote", "call.note", ...vague);
  const many = texts(
    fields.raw("notes", "callnotes", "call.notes"),
    ["note", "text", "content", "body", "name"],
    undefined,
  );
  const author = cleanText(fields.text("username", "authorname", "author", "note.author", "agentname"));
  const found = single === undefined ? many : [single];
  return distinct(found.map((text) => cleanText(text, noteCharactersMax))).map((text) => ({ text, author }));
}

/** A list of texts, of objects that hold one, or a text; split only where the separator cannot be part of an item. */
function texts(value: unknown, keys: readonly string[], separator: string | undefined): string[] {
  if (typeof value === "string") return separator === undefined ? [value] : value.split(separator);
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item === "string") return [item];
    if (typeof item !== "object" || item === null) return [];
    const entries = new Map<string, unknown>(Object.entries(item));
    const text = keys.map((key) => entries.get(key)).find((part) => typeof part === "string");
    return typeof text === "string" ? [text] : [];
  });
}

function distinct(items: (string | undefined)[]): string[] {
  return [...new Set(items.filter((item) => item !== undefined))].slice(0, itemsMax);
}
