import { z } from "zod";
import { strict, unprocessable } from "./ghl-answer.ts";
import { withoutNull } from "./ghl-contact-view.ts";
import { noSuch, withContact } from "./ghl-contacts.ts";
import { type GhlContact, type GhlNote, nextGhlId } from "./ghl-state.ts";
import { type Answer, created, ok, type Route, type TwinRequest } from "./route.ts";
import { after, iso, traceId, type World } from "./world.ts";

const noteFields = {
  userId: z.string().optional(),
  title: z.string().optional(),
  color: z.string().optional(),
  pinned: z.boolean().optional(),
};
const createBody = z.strictObject({ ...noteFields, body: z.string().min(1) });
const updateBody = z.strictObject({ ...noteFields, body: z.string().min(1).optional() });

/** Contact notes: text with newlines; the id is `note.id` (facts/ghl.md §3.1). */
export function ghlNoteRoutes(world: World): Route[] {
  const vendor = "ghl";
  const path = "/contacts/:contactId/notes";
  const one = `${path}/:noteId`;
  return [
    {
      vendor,
      operation: "notes.list",
      method: "GET",
      path,
      handle: (r) => withContact(world, r, (c) => list(world, c)),
    },
    {
      vendor,
      operation: "notes.create",
      method: "POST",
      path,
      handle: (r) => withContact(world, r, (contact) => create(world, contact, r.body)),
    },
    {
      vendor,
      operation: "notes.get",
      method: "GET",
      path: one,
      handle: (r) => withNote(world, r, (note) => ok({ note: noteView(note), traceId: traceId() })),
    },
    {
      vendor,
      operation: "notes.update",
      method: "PUT",
      path: one,
      handle: (r) => withNote(world, r, (note) => update(world, note, r.body)),
    },
    {
      vendor,
      operation: "notes.delete",
      method: "DELETE",
      path: one,
      handle: (r) => withNote(world, r, (note) => remove(world, note)),
    },
  ];
}

export const noteView = (note: GhlNote): Record<string, unknown> =>
  withoutNull({
    id: note.id,
    body: note.body,
    userId: note.userId,
    dateAdded: iso(note.dateAdded),
    contactId: note.contactId,
    title: note.title,
    color: note.color,
    pinned: note.pinned,
  });

/** Newest first. */
export const notesOf = (world: World, contactId: string): GhlNote[] =>
  [...world.state.ghl.notes.values()]
    .filter((note) => note.contactId === contactId && note.visibleAt <= world.now())
    .reverse();

function list(world: World, contact: GhlContact): Answer {
  return ok({ notes: notesOf(world, contact.id).map(noteView), traceId: traceId() });
}

function withNote(world: World, { params }: TwinRequest, then: (note: GhlNote) => Answer): Answer {
  const note = world.state.ghl.notes.get(params.noteId ?? "");
  const readable = note?.contactId === params.contactId && note !== undefined && note.visibleAt <= world.now();
  return readable ? then(note) : noSuch("Note", params.noteId ?? "");
}

function create(world: World, contact: GhlContact, body: unknown): Answer {
  const read = strict(createBody, body);
  if ("refusal" in read) return read.refusal;
  const { input } = read;
  if (input.userId !== undefined && !world.state.ghl.users.has(input.userId)) {
    return unprocessable(["userId must be a user of this location"]);
  }
  const note: GhlNote = {
    id: nextGhlId(world.state.ghl, "Note"),
    contactId: contact.id,
    body: input.body,
    userId: input.userId ?? null,
    title: input.title ?? null,
    color: input.color ?? null,
    pinned: input.pinned ?? false,
    dateAdded: world.now(),
    visibleAt: after(world.now(), world.settings.applyDelayMs),
  };
  world.state.ghl.notes.set(note.id, note);
  world.changed({ kind: "ghl-note", action: "create", contactId: contact.id, noteId: note.id });
  return created({ note: noteView(note), traceId: traceId() });
}

function update(world: World, note: GhlNote, body: unknown): Answer {
  const read = strict(updateBody, body);
  if ("refusal" in read) return read.refusal;
  const { input } = read;
  note.body = input.body ?? note.body;
  note.title = input.title ?? note.title;
  note.color = input.color ?? note.color;
  note.pinned = input.pinned ?? note.pinned;
  note.userId = input.userId ?? note.userId;
  world.changed({ kind: "ghl-note", action: "update", contactId: note.contactId, noteId: note.id });
  return ok({ note: noteView(note), traceId: traceId() });
}

function remove(world: World, note: GhlNote): Answer {
  world.changed({ kind: "ghl-note", action: "delete", contactId: note.contactId, noteId: note.id });
  world.state.ghl.notes.delete(note.id);
  return ok({ succeded: true, traceId: traceId() });
}
