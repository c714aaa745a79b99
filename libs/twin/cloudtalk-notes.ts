import { done, envelope, escaped, invalid, madeNew, notFound, page } from "./cloudtalk-answer.ts";
import { jsonName } from "./cloudtalk-calls.ts";
import { nextCloudTalkId } from "./cloudtalk-state.ts";
import { type Answer, asRecord, type Route } from "./route.ts";
import { iso, type World } from "./world.ts";

/** Contact notes and activities (facts/cloudtalk.md §1.7). */
export function cloudtalkNoteRoutes(world: World): Route[] {
  const vendor = "cloudtalk";
  return [
    {
      vendor,
      operation: "notes.index",
      method: "GET",
      path: "/notes/index.json",
      handle: ({ query }) => notes(world, query),
    },
    {
      vendor,
      operation: "notes.add",
      method: "PUT",
      path: "/notes/add/:file",
      handle: ({ params, body }) => addNote(world, jsonName(params.file), body),
    },
    {
      vendor,
      operation: "notes.edit",
      method: "POST",
      path: "/notes/edit/:file",
      handle: ({ params, body }) => editNote(world, jsonName(params.file), body),
    },
    {
      vendor,
      operation: "notes.delete",
      method: "DELETE",
      path: "/notes/delete/:file",
      handle: ({ params }) => deleteNote(world, jsonName(params.file)),
    },
    {
      vendor,
      operation: "activity.index",
      method: "GET",
      path: "/activity/index.json",
      handle: ({ query }) => activities(world, query),
    },
    {
      vendor,
      operation: "activity.add",
      method: "PUT",
      path: "/activity/add/:file",
      handle: ({ params, body }) => addActivity(world, jsonName(params.file), body),
    },
  ];
}

/** Newlines and emoji do not survive being stored (facts/cloudtalk.md §0 item 18). */
const storedNote = (text: string): string =>
  text
    .replace(/\s*\r?\n\s*/g, " ")
    .replace(/\p{Extended_Pictographic}|\u{fe0f}|\u{200d}/gu, "")
    .trim();

function notes(world: World, query: Record<string, string>): Answer {
  const rows = [...world.state.cloudtalk.notes.values()].filter(
    (note) =>
      (query.contact_id === undefined || note.contactId === query.contact_id) &&
      (query.user_id === undefined || note.agentId === query.user_id) &&
      (query.keyword === undefined || note.note.toLowerCase().includes(query.keyword.toLowerCase())),
  );
  return page(rows, query, (note) => ({
    ContactNote: {
      id: note.id,
      contact_id: note.contactId,
      user_id: note.agentId,
      note: escaped(note.note),
      created: iso(note.createdAt),
    },
  }));
}

export function addNote(world: World, contactId: string, body: unknown): Answer {
  const { cloudtalk } = world.state;
  const { note, user_id } = asRecord(body);
  if (!cloudtalk.contacts.has(contactId)) return notFound();
  if (typeof note !== "string" || note.trim() === "") return invalid({ note: ["This field is required."] });
  const id = nextCloudTalkId(cloudtalk, "note");
  const agentId = user_id === undefined || user_id === null ? null : String(user_id);
  cloudtalk.notes.set(id, { id, contactId, agentId, note: storedNote(note), createdAt: world.now() });
  return madeNew(id);
}

export function editNote(world: World, id: string, body: unknown): Answer {
  const stored = world.state.cloudtalk.notes.get(id);
  const { note, contact_id } = asRecord(body);
  if (stored === undefined) return notFound();
  if (contact_id === undefined) return invalid({ contact_id: ["This field is required."] });
  if (typeof note !== "string" || note.trim() === "") return invalid({ note: ["This field is required."] });
  stored.note = storedNote(note);
  return done();
}

export const deleteNote = (world: World, id: string): Answer =>
  world.state.cloudtalk.notes.delete(id) ? done() : notFound();

const activityTypes = ["order", "task", "chat", "ticket", "other", "invoice", "proforma", "estimate", "cancel"];
const activityFields = [
  "type",
  "name",
  "description",
  "activity_author",
  "external_id",
  "external_url",
  "activity_date",
];

function activities(world: World, query: Record<string, string>): Answer {
  const rows = [...world.state.cloudtalk.activities.values()].filter(
    (activity) =>
      (query.contact_id === undefined || activity.contactId === query.contact_id) &&
      (query.type === undefined || activity.fields.type === query.type),
  );
  return page(rows, query, (activity) => ({
    ContactActivity: {
      id: activity.id,
      contact_id: activity.contactId,
      ...Object.fromEntries(Object.entries(activity.fields).map(([key, value]) => [key, escaped(value)])),
      created: iso(activity.createdAt),
    },
  }));
}

export function addActivity(world: World, contactId: string, body: unknown): Answer {
  const { cloudtalk } = world.state;
  const input = asRecord(body);
  if (!cloudtalk.contacts.has(contactId)) return notFound();
  if (!activityTypes.includes(String(input.type))) return invalid({ type: ["This field has an invalid value."] });
  if (typeof input.name !== "string" || input.name === "") return invalid({ name: ["This field is required."] });
  // An alphanumeric CRM id does not fit here (facts/cloudtalk.md §1.7).
  if (input.external_id !== undefined && !/^\d+$/.test(String(input.external_id))) {
    return invalid({ external_id: ["This field must be an integer."] });
  }
  const fields = Object.fromEntries(
    activityFields.filter((name) => input[name] !== undefined).map((name) => [name, String(input[name])]),
  );
  fields.activity_date ??= iso(world.now());
  const id = nextCloudTalkId(cloudtalk, "activity");
  cloudtalk.activities.set(id, { id, contactId, fields, createdAt: world.now() });
  return madeNew(id);
}

export const badAction = (): Answer => envelope(406, { status: 406, message: "Invalid input data." });
