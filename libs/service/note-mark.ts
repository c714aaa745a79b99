import type { Effect, LogEventOf } from "@callbridge/events";
import type { Context, Fact } from "./handler.ts";

/**
 * Ends every note that we write at either vendor, and tells our note of one target from all others, also years later. One
 * line of plain characters: CloudTalk stores nothing else (facts/cloudtalk.md §0 item 18). It shows nothing: keyed hash.
 */
export const noteMark = ({ hash, target }: Pick<Context, "hash"> & { target: string }) =>
  `[ref callbridge:${hash(target).slice(0, 16)}]`;

/** The marks in a text. One that has any was written by us, whatever people wrote around it. */
export const noteMarksIn = (text: string): string[] => text.match(/\[ref callbridge:[0-9a-f]{16}\]/g) ?? [];

/** What a report of nothing but our own note says. Where its effect is another subject's, as a call's, it says nothing. */
export function noteEcho(
  { id, stream, data }: LogEventOf<"note.added">,
  marks: readonly string[],
  effects: ReadonlyMap<string, Effect>,
  { hash }: Pick<Context, "hash">,
): Fact[] {
  const own = [...effects.values()].findLast(({ target }) => marks.includes(noteMark({ hash, target })));
  if (!own) return [];
  const { cloudtalkContactId, ghlContactId, origin } = data;
  const echo = { cloudtalkContactId, ghlContactId, effect: own.effect, origin };
  return [{ type: "echo.recognised", stream, key: { fact: `echo:${id}` }, data: echo, personal: {} }];
}
