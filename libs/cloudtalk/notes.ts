import type { CloudTalkContactId } from "@callbridge/events";
import { readFields } from "@callbridge/vendor";
import { z } from "zod";
import { createdIdAnswer, idIn, pageAnswer } from "./answer.ts";
import { type CloudTalkApi, orNotFound } from "./api.ts";
import { cleanText, noteCharactersMax } from "./text.ts";

/** A note on a contact, as CloudTalk stored it: one line, without emoji (facts/cloudtalk.md §0 item 18). */
export type Note = { id: string; note: string };

/** Rows of `notes/index`, wrapped in `ContactNote`. */
const notesAnswer = pageAnswer((row): Note | undefined => {
  const fields = readFields(row);
  const id = idIn(fields, "contactnote.id", "id");
  const note = cleanText(fields.text("contactnote.note", "note"), noteCharactersMax);
  return id === undefined || note === undefined ? undefined : { id, note };
});

const rowsPerPage = 1_000;
/** A contact with more notes than this is no contact; its first ones are enough to look at. */
const pagesMax = 10;

/** The notes of contacts: `notes/…` (facts/cloudtalk.md §1.7). Notes of calls cannot be written or listed. */
export function notesOf({ request, core }: CloudTalkApi) {
  return {
    /** All notes of a contact. */
    notes: async (contactId: CloudTalkContactId): Promise<Note[]> => {
      const found: Note[] = [];
      for (let page = 1; page <= pagesMax; page++) {
        const { rows, pages } = await request({
          operation: "notes.index",
          method: "GET",
          url: core("notes/index"),
          query: { contact_id: contactId, limit: rowsPerPage, page },
          answer: notesAnswer,
        });
        found.push(...rows);
        if (page >= pages) break;
      }
      return found;
    },

    /** Has no idempotency key: after an ambiguous failure look for the note before another attempt. */
    addNote: async (contactId: CloudTalkContactId, note: string): Promise<{ id: string }> =>
      await request({
        operation: "notes.add",
        method: "PUT",
        url: core(`notes/add/${encodeURIComponent(contactId)}`),
        json: { note },
        answer: createdIdAnswer,
      }),

    /** Replaces the note's text: compare with what is there first, an agent may have edited it. */
    editNote: async (contactId: CloudTalkContactId, noteId: string, note: string): Promise<void> => {
      await request({
        operation: "notes.edit",
        method: "POST",
        url: core(`notes/edit/${encodeURIComponent(noteId)}`),
        json: { contact_id: Number(contactId), note },
        answer: z.unknown(),
      });
    },

    /** One that is gone already is no error. */
    deleteNote: async (noteId: string): Promise<void> => {
      const url = core(`notes/delete/${encodeURIComponent(noteId)}`);
      await orNotFound(request({ operation: "notes.delete", method: "DELETE", url, answer: z.unknown() }));
    },
  };
}
