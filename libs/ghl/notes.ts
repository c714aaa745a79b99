import type { GhlContactId } from "@callbridge/events";
import { VendorError } from "@callbridge/vendor";
import { z } from "zod";
import type { GhlApi } from "./api.ts";

export type GhlNote = {
  id: string;
  body: string;
  title?: string | undefined;
  userId?: string | undefined;
  dateAdded?: string | undefined;
};

export type GhlNoteText = {
  /** Plain text or GHL's few tags; line breaks are `\n`, links bare. */
  body: string;
  title?: string | undefined;
  /** Must be a user of the location. */
  userId?: string | undefined;
};

const text = z.string().nullish().catch(undefined);
const note = z.looseObject({ id: z.string().min(1), body: text, title: text, userId: text, dateAdded: text }).transform(
  (answer): GhlNote => ({
    id: answer.id,
    body: answer.body ?? "",
    title: answer.title ?? undefined,
    userId: answer.userId ?? undefined,
    dateAdded: answer.dateAdded ?? undefined,
  }),
);
const noteList = z.looseObject({ notes: z.array(note) });
const id = z.string().min(1);
/** The contract nests the note; the predecessor read it at the root (facts/predecessor.md §3). */
const createAnswer = z.union([
  z.looseObject({ note: z.looseObject({ id }) }).transform((answer) => ({ id: answer.note.id })),
  z.looseObject({ id }).transform((answer) => ({ id: answer.id })),
]);

export function notesOf({ request }: GhlApi) {
  const path = (contactId: GhlContactId) => `/contacts/${encodeURIComponent(contactId)}/notes`;
  /** GHL refuses fields that it does not know (422), so nothing else gets through. */
  const allowed = ({ body, title, userId }: GhlNoteText) => ({ body, title, userId });

  return {
    /** All notes of a contact, in GHL's order. */
    async notes(contactId: GhlContactId): Promise<GhlNote[]> {
      const get = { operation: "notes.list", method: "GET", path: path(contactId), answer: noteList } as const;
      return (await request(get)).notes;
    },

    async createNote(contactId: GhlContactId, text: GhlNoteText): Promise<{ id: string }> {
      return request({
        operation: "notes.create",
        method: "POST",
        path: path(contactId),
        json: allowed(text),
        answer: createAnswer,
      });
    },

    /** Replaces the note's text: compare with what is there first, a person may have edited it. */
    async updateNote(contactId: GhlContactId, noteId: string, text: GhlNoteText): Promise<void> {
      await request({
        operation: "notes.update",
        method: "PUT",
        path: `${path(contactId)}/${encodeURIComponent(noteId)}`,
        json: allowed(text),
        answer: z.unknown(),
      });
    },

    /** One that is gone already is no error. */
    async deleteNote(contactId: GhlContactId, noteId: string): Promise<void> {
      const url = `${path(contactId)}/${encodeURIComponent(noteId)}`;
      try {
        await request({ operation: "notes.delete", method: "DELETE", path: url, answer: z.unknown() });
      } catch (error) {
        if (!(error instanceof VendorError) || error.status !== 404) throw error;
      }
    },
  };
}
