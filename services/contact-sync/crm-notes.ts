import {
  type ContactLink,
  type Effect,
  evolveEffects,
  type Intent,
  isEvent,
  type LogEventOf,
  linksIn,
} from "@callbridge/events";
import type { Ghl, GhlNote } from "@callbridge/ghl";
import { type Context, type Decision, type Handler, noteEcho, noteMarksIn } from "@callbridge/service";
import { oneLine } from "./one-line.ts";

type Report = LogEventOf<"note.added">;
type CrmNotes = { reports: Report[]; links: ContactLink[]; effects: ReadonlyMap<string, Effect> };

/** A report that names neither the note nor its text means one that was written within this time before it. */
const writtenBeforeMs = 10 * 60_000;
/** The CRM's clock and ours may differ by this much. */
const writtenAfterMs = 60_000;
/** A note that was just written may not be listed yet: when to look again after the report. Milliseconds. */
const lookAgainMs = [2_000, 10_000, 30_000];

/**
 * Notes that people write in the CRM are copied to the linked contact in CloudTalk. The webhook is a hint: it may lack the
 * note's id or its text, and two webhooks may tell of one note, so the note itself is read. A contact without a
 * counterpart keeps its notes until there is one.
 */
export function crmNotesHandler({ ghl }: { ghl: Pick<Ghl, "notes"> }): Handler<CrmNotes> {
  return {
    name: "crm-notes",
    on: ["note.added", "contact.linked"],
    fold: (events) => ({
      reports: events.filter((event) => isEvent(event, "note.added")).filter(({ data }) => data.origin === "ghl"),
      links: linksIn(events),
      effects: events.reduce(evolveEffects, new Map()),
    }),
    decide: async (event, { reports, links, effects }, context) => {
      if (isEvent(event, "note.added") && event.data.origin !== "ghl") return {};
      const [link] = links;
      if (!link) return {};
      const told = isEvent(event, "note.added") ? [event] : reports;
      const read = () => context.once("notes", () => ghl.notes(link.ghlContactId));
      const decision: Required<Decision> = { append: [], intend: [], wake: [] };
      const copies = copiesOf(link, effects);
      for (const report of told) await follow(report, { read, copies, effects, context, decision });
      return decision;
    },
  };
}

type Following = {
  read: () => Promise<GhlNote[]>;
  copies: Copies;
  effects: ReadonlyMap<string, Effect>;
  context: Context;
  decision: Required<Decision>;
};

async function follow(report: Report, { read, copies, effects, context, decision }: Following): Promise<void> {
  const { noteId, change } = report.data;
  const { note: text } = report.personal;
  const marks = noteMarksIn(text ?? "");
  if (marks.length > 0) {
    decision.append.push(...noteEcho(report, marks, effects, context));
    return;
  }
  if (change === "deleted") {
    if (noteId !== undefined) decision.intend.push(...copies.write(noteId, undefined, report.position));
    return;
  }
  const found = meant(report, await read(), copies);
  for (const note of found.notes) {
    const ours = noteMarksIn(note.body);
    if (ours.length > 0) decision.append.push(...noteEcho(report, ours, effects, context));
    else decision.intend.push(...copies.write(note.id, oneLine(note.body), report.position));
  }
  const age = context.now.getTime() - new Date(report.recordedAt).getTime();
  const next = found.maybeLater ? lookAgainMs.find((ms) => ms > age) : undefined;
  if (next === undefined) return;
  const at = new Date(new Date(report.recordedAt).getTime() + next);
  decision.wake.push({ key: `crm-note:${report.stream}:${report.position}`, at });
}

/** Which notes a report is about. `maybeLater`: none is there that fits, so it may not be listed yet. */
function meant(report: Report, notes: readonly GhlNote[], copies: Copies): { notes: GhlNote[]; maybeLater: boolean } {
  const { noteId } = report.data;
  const { note: text } = report.personal;
  const told = noteId !== undefined || text !== undefined;
  if (told) {
    const words = oneLine(text ?? "");
    const note = noteId ? notes.find(({ id }) => id === noteId) : notes.find(({ body }) => oneLine(body) === words);
    return { notes: note ? [note] : [], maybeLater: !note };
  }
  const reportedAt = new Date(report.time).getTime();
  const recent = notes
    .map((note) => ({ note, writtenAt: new Date(note.dateAdded ?? Number.NaN).getTime() }))
    .filter(({ writtenAt }) => writtenAt > reportedAt - writtenBeforeMs && writtenAt < reportedAt + writtenAfterMs)
    .sort((one, other) => other.writtenAt - one.writtenAt);
  const [newest] = recent.filter(({ note }) => !copies.has(note.id) && noteMarksIn(note.body).length === 0);
  const edited = notes.filter((note) => copies.differs(note.id, oneLine(note.body)));
  return { notes: [...edited, ...(newest ? [newest.note] : [])], maybeLater: recent.length + edited.length === 0 };
}

type Copies = ReturnType<typeof copiesOf>;

/** What has been copied of the contact's notes, and what is added to that while a decision is made. */
function copiesOf(link: ContactLink, effects: ReadonlyMap<string, Effect>) {
  const targetOf = (noteId: string) => `cloudtalk-note:${noteId}`;
  // What never came to another contact, which is gone or was none of the person's, has to be written again.
  const isLost = ({ end, attempts, input }: Effect) =>
    input?.contactId !== link.cloudtalkContactId && (end === "failed" || (end === "skipped" && attempts === 0));
  const all = [...effects.values()].filter((effect) => effect.kind === "cloudtalk.note" && !isLost(effect));
  const last = new Map(all.map(({ target, revision, input }) => [target, { revision, text: input?.text, input }]));
  const has = (noteId: string) => last.has(targetOf(noteId));
  const differs = (noteId: string, text: string) =>
    has(noteId) && last.get(targetOf(noteId))?.text !== (text || undefined);

  return {
    has,
    differs,
    /** Without a text, also when nothing of it can be stored, the copy is to go. */
    write: (noteId: string, words: string | undefined, position: number): Intent[] => {
      const text = words || undefined;
      const target = targetOf(noteId);
      const former = last.get(target);
      if (former ? former.text === text || former.revision >= position : text === undefined) return [];
      const contactId = former?.input?.contactId ?? link.cloudtalkContactId;
      const input = { contactId, ...(text && { text }) };
      last.set(target, { revision: position, text, input });
      const name = `${target}:${position}`;
      const effect = effects.has(name) ? `${name}:${contactId}` : name;
      return [{ kind: "cloudtalk.note", effect, target, revision: position, input }];
    },
  };
}
