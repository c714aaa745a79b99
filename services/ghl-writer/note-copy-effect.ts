import { type GhlContactId, ghlContactId } from "@callbridge/events";
import type { Ghl } from "@callbridge/ghl";
import { type EffectContext, type EffectDefinition, noteMark, type Performed } from "@callbridge/service";
import { z } from "zod";
import { noteEffect, plain } from "./note-effect.ts";

const input = z.object({
  contactId: ghlContactId,
  /** Absent: the note was deleted where it was written, so our copy goes too. */
  body: z.string().optional(),
});
type Input = z.output<typeof input>;

/** The copy of a note that somebody wrote in the call centre. It ends as it began: with the note, unless people changed it. */
export function noteCopyEffect(
  ghl: Pick<Ghl, "notes" | "createNote" | "updateNote" | "deleteNote">,
  host: string,
): EffectDefinition<Input> {
  const writing = noteEffect(ghl, host);

  async function remove(contactId: GhlContactId, { previous, hash }: EffectContext): Promise<Performed> {
    const note = (await ghl.notes(contactId)).find(({ id }) => id === previous?.vendorId);
    if (!note) return {};
    if (hash(plain(note.body)) !== previous?.digest) return { skip: "the copy was edited by somebody" };
    await ghl.deleteNote(contactId, note.id);
    return {};
  }

  return {
    kind: "ghl.note_copy",
    input,
    host,
    perform: ({ contactId, body }, context) =>
      body === undefined ? remove(contactId, context) : writing.perform({ contactId, body }, context),
    readBack: async ({ contactId, body }, context) => {
      if (body !== undefined) return writing.readBack?.({ contactId, body }, context);
      const isThere = (await ghl.notes(contactId)).some((note) => note.body.includes(noteMark(context)));
      return isThere ? undefined : {};
    },
  };
}
