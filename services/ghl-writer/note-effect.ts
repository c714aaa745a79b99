import { type GhlContactId, ghlContactId } from "@callbridge/events";
import type { Ghl } from "@callbridge/ghl";
import { type EffectContext, type EffectDefinition, noteMark, type Observed } from "@callbridge/service";
import { z } from "zod";
import { unescapeHtml } from "./html.ts";

const input = z.object({ contactId: ghlContactId, body: z.string() });
type Input = z.output<typeof input>;
type Notes = Pick<Ghl, "notes" | "createNote" | "updateNote">;

/** One note per call: created once, found again by its mark, and changed only while nobody else has changed it. */
export function noteEffect(ghl: Notes, host: string): EffectDefinition<Input> {
  return {
    kind: "ghl.note",
    input,
    host,
    perform: async ({ contactId, body }, context) => {
      const text = marked(body, context);
      const former = context.previous?.vendorId;
      if (former === undefined) {
        const { id } = await ghl.createNote(contactId, { body: text });
        return observed(id, text, context);
      }
      const note = (await ghl.notes(contactId)).find(({ id }) => id === former);
      if (!note) return { skip: "the note was deleted by somebody" };
      const changed = replaced(note.body, text, context);
      if (changed === undefined) return { skip: "the note was edited by somebody" };
      await ghl.updateNote(contactId, former, { body: changed });
      return observed(former, text, context);
    },
    readBack: async ({ contactId, body }, context) => {
      const text = marked(body, context);
      const note = (await ghl.notes(contactId)).find((one) => one.body.includes(noteMark(context)));
      if (!note) return undefined;
      // A created note is there as soon as its mark is, whatever became of its text. After an update that got lost, the
      // mark is there with the former text: then it is not done.
      const isThere = context.previous === undefined || plain(note.body).includes(plain(text));
      return isThere ? observed(note.id, text, context) : undefined;
    },
  };
}

const duplicatesInput = input.pick({ contactId: true });

/**
 * A write that a vendor applied after everybody had given it up makes a second note. Both carry our mark; the one that was
 * observed stays, and of the others only those that nobody has touched are removed.
 */
export function duplicateNotesEffect(
  ghl: Pick<Ghl, "notes" | "deleteNote">,
  host: string,
): EffectDefinition<z.output<typeof duplicatesInput>> {
  const extras = async (contactId: GhlContactId, context: EffectContext) => {
    const { previous, hash } = context;
    const ours = (await ghl.notes(contactId)).filter(({ body }) => body.includes(noteMark(context)));
    if (!ours.some(({ id }) => id === previous?.vendorId)) return [];
    return ours.filter(({ id, body }) => id !== previous?.vendorId && hash(plain(body)) === previous?.digest);
  };
  return {
    kind: "ghl.note_duplicates",
    input: duplicatesInput,
    host,
    perform: async ({ contactId }, context) => {
      for (const { id } of await extras(contactId, context)) await ghl.deleteNote(contactId, id);
      return { vendorId: context.previous?.vendorId, digest: context.previous?.digest };
    },
    readBack: async ({ contactId }, context) => {
      if ((await extras(contactId, context)).length > 0) return undefined;
      return { vendorId: context.previous?.vendorId, digest: context.previous?.digest };
    },
  };
}

const observed = (vendorId: string, text: string, { hash }: EffectContext): Observed => ({
  vendorId,
  digest: hash(plain(text)),
});

const marked = (body: string, context: EffectContext) => `${body}\n${noteMark(context)}`;

/**
 * The new body: ours in place of our former one. A person may have written above or below it, that stays; undefined when
 * our own part is no longer what was last seen there.
 */
function replaced(current: string, text: string, context: EffectContext): string | undefined {
  const digest = context.previous?.digest;
  if (digest === undefined) return undefined;
  if (context.hash(plain(current)) === digest) return text;
  const end = current.indexOf(noteMark(context));
  if (end < 0) return undefined;
  const after = end + noteMark(context).length;
  const starts = [
    0,
    ...[...current.slice(0, end).matchAll(lineBreak)].map(({ index, 0: { length } }) => index + length),
  ];
  // The last one that fits: blank lines above it are not ours.
  const start = starts.findLast((one) => context.hash(plain(current.slice(one, after))) === digest);
  return start === undefined ? undefined : current.slice(0, start) + text + current.slice(after);
}

/** In the CRM's editor a line becomes a paragraph. */
const lineBreak = /\n|<\/?(?:p|div|br)\b[^<>]*>/gi;

/** What people read: how lines are broken and characters are escaped is the CRM's to change. */
export const plain = (text: string) => unescapeHtml(text.replace(lineBreak, " ")).replace(/\s+/g, " ").trim();
