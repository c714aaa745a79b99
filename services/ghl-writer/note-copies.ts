import {
  type Call,
  type ContactLink,
  type Effect,
  evolveEffects,
  foldCall,
  type GhlContactId,
  type Intent,
  isEvent,
  type LogEventOf,
  linksIn,
} from "@callbridge/events";
import { type Context, type Handler, noteEcho, noteMarksIn } from "@callbridge/service";
import { escapeHtml } from "./html.ts";

/** With its heading and mark this stays below the 5,000 characters of every other note of ours (facts/ghl.md §0 item 15). */
const textCharactersMax = 4_500;

/** A note of the call centre as it was reported last. */
type Copied = {
  /** Names it among all notes, for good. */
  name: string;
  /** Position of the report; a later report supersedes an earlier one. */
  position: number;
  /** Undefined: it was deleted. */
  text: string | undefined;
  /** What stands above the text. */
  heading: string;
};

type ContactNotes = {
  reports: LogEventOf<"note.added">[];
  links: ContactLink[];
  effects: ReadonlyMap<string, Effect>;
};

/** Notes that agents write on a contact in CloudTalk are copied to its counterpart, as soon as there is one. */
export function contactNotesHandler(): Handler<ContactNotes> {
  return {
    name: "contact-notes",
    on: ["note.added", "contact.linked"],
    fold: (events) => ({
      reports: events.filter((event) => isEvent(event, "note.added")).filter(({ data }) => data.origin === "cloudtalk"),
      links: linksIn(events),
      effects: events.reduce(evolveEffects, new Map()),
    }),
    decide: (event, { reports, links, effects }, context) => {
      if (isEvent(event, "note.added")) {
        if (event.data.origin !== "cloudtalk") return {};
        const marks = noteMarksIn(event.personal.note ?? "");
        if (marks.length > 0) return { append: noteEcho(event, marks, effects, context) };
      }
      const [link] = links;
      // Whose note it is, nobody guesses: it stays in the log until the contact has a counterpart.
      if (!link) return {};
      return {
        intend: copies(
          reports.flatMap((report) => reported(report, context)),
          link.ghlContactId,
          effects,
        ),
      };
    },
  };
}

type CallNotes = { call: Call; reports: LogEventOf<"call.noted">[] };

/** Notes that agents write on a call are copied to the contact that the call belongs to, whichever is known first. */
export function callNotesHandler(): Handler<CallNotes> {
  return {
    name: "call-notes",
    on: ["call.noted", "call.matched"],
    fold: (events) => ({
      call: foldCall(events),
      reports: events.filter((event) => isEvent(event, "call.noted")),
    }),
    decide: (_event, { call, reports }, context) => {
      if (!call.contact || "unmatched" in call.contact || call.erased) return {};
      const heading = call.callId ? ` · CloudTalk call ${call.callId}` : "";
      const noted = reports.flatMap((report): Copied[] => {
        const { note: text, author } = report.personal;
        if (text === undefined || noteMarksIn(text).length > 0) return [];
        const { noteId } = report.data;
        const name = noteId ? `call-note:${noteId}` : `${report.stream}/${context.hash(text).slice(0, 32)}`;
        return [{ name, position: report.position, text, heading: `Call note${by(author)}${heading}` }];
      });
      return { intend: copies(onceEach(noted), call.contact.ghlContactId, call.effects) };
    },
  };
}

function reported({ data, personal, position, stream }: LogEventOf<"note.added">, { hash }: Context): Copied[] {
  const { noteId, change } = data;
  const { note, author } = personal;
  if (note !== undefined && noteMarksIn(note).length > 0) return [];
  if (noteId === undefined && note === undefined) return [];
  if (change !== "deleted" && note === undefined) return [];
  const name = noteId ? `note:${noteId}` : `${stream}/${hash(note ?? "").slice(0, 32)}`;
  const text = change === "deleted" ? undefined : note;
  return [{ name, position, text, heading: `Note${by(author)} · CloudTalk` }];
}

const by = (author: string | undefined) => (author ? ` by ${author}` : "");

/** A call's note comes with its id and, in another template, without: the same words are one note. */
function onceEach(notes: readonly Copied[]): Copied[] {
  const nameOf = new Map<string, string>();
  return notes.filter(({ name, text = "" }) => {
    const first = nameOf.get(text) ?? name;
    nameOf.set(text, first);
    return first === name;
  });
}

/** The writes that are still missing: of each note the last report counts, and one that changes nothing is none. */
function copies(notes: readonly Copied[], contactId: GhlContactId, effects: ReadonlyMap<string, Effect>): Intent[] {
  const last = new Map(notes.map((note) => [note.name, note]));
  return [...last.values()].flatMap((note): Intent[] => {
    const target = `ghl-note-copy:${note.name}`;
    // What never came to another contact, which is gone or was none of the person's, has to be written again.
    const isLost = ({ end, attempts, input }: Effect) =>
      input?.contactId !== contactId && (end === "failed" || (end === "skipped" && attempts === 0));
    const former = [...effects.values()].findLast((effect) => effect.target === target && !isLost(effect));
    const body = note.text === undefined ? undefined : bodyOf(note.heading, note.text);
    if (former ? former.input?.body === body : body === undefined) return [];
    const { position } = note;
    if (former && former.revision >= position) return [];
    const input = { contactId: former?.input?.contactId ?? contactId, ...(body !== undefined && { body }) };
    const name = `${target}:${position}`;
    const effect = effects.has(name) ? `${name}:${contactId}` : name;
    return [{ kind: "ghl.note_copy", effect, target, revision: position, input }];
  });
}

function bodyOf(heading: string, text: string): string {
  const cut = text.length > textCharactersMax ? `${text.slice(0, textCharactersMax - 1).toWellFormed()}…` : text;
  return escapeHtml(`${heading}\n${cut}`);
}
