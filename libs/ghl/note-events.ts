import type { EventKey, GhlContactId, Normalised } from "@callbridge/events";
import { nobody } from "./contact-events.ts";
import { type Change, contactStream, contentHash, personOf, type Report, typedByOperator } from "./report.ts";
import { ghlId, line, noteText } from "./text.ts";

type NoteReport = {
  contactId: GhlContactId | undefined;
  noteId: string | undefined;
  change: Change;
  text: string | undefined;
  /** GHL's user id of who wrote it, where the report says so. */
  author?: string | undefined;
  time: string;
};

/** Without a text it is still a note: the body can be read from GHL. The author is the note's own, never `user`. */
export function noteReported(
  report: Report,
  { contactId, noteId, change, text, author, time }: NoteReport,
): Normalised {
  const stream = contactStream(report, contactId);
  if (stream === undefined) return { verdict: "parked", because: nobody };
  const at = noteTime(report) ?? (text === undefined ? report.receivedAt : undefined);
  const content = contentHash(report, { text: text?.replace(/\s+/g, " "), at, change });
  return {
    verdict: "accepted",
    events: [
      {
        type: "note.added",
        stream,
        key: noteKey(stream, noteId, change, content),
        time,
        source: "ghl",
        data: { ghlContactId: contactId, origin: "ghl", noteId, change },
        personal: {
          ...personOf(report, true),
          note: text,
          author: author ?? ghlId(report.fields, "note.userid", ...typedByOperator(report, ["noteuserid"])),
        },
      },
    ],
  };
}

/**
 * A note without an id is an occurrence and not a state: "no answer", written again tomorrow, is another note, so only
 * the same text within the log's ten minutes is a duplicate. Without a text, too, nothing tells two notes apart, so each
 * report is one: it makes us read the contact's notes, which have ids. A note with an id has one birth, one end and many states.
 */
function noteKey(stream: string, noteId: string | undefined, change: Change, content: string): EventKey {
  if (noteId === undefined) return { entity: `${stream}/note`, content, mode: "repeat" };
  if (change === "updated") return { entity: `note:${noteId}/updated`, content, mode: "state" };
  return { fact: `note:${noteId}/${change}` };
}

export function noteIdOf(report: Report): string | undefined {
  return ghlId(report.fields, "note.id", ...typedByOperator(report, ["noteid"]));
}

/** GHL does not document where a workflow payload carries the note, so these are all the places it was seen or mapped. */
export function noteTextOf({ fields, standard }: Report): string | undefined {
  const typed = ["notebody", "note", "notetext", "body"];
  const aliases = [...typed.map((name) => `customdata.${name}`), "note.body", "note.text", "note.content"];
  return noteText(fields.text(...aliases, ...(standard ? [] : typed)));
}

export function noteTime({ fields }: Report): string | undefined {
  return fields.instant("note.dateadded", "note.createdat", "notedateadded");
}

/** The standard payload's nested `note` object: nothing but a note trigger sends it. */
export function hasNote({ fields }: Report): boolean {
  return line(fields.text("note.body", "note.id", "note.text")) !== undefined;
}
