import { z } from "zod";
import { envelope, invalid } from "./cloudtalk-answer.ts";
import { addContact, deleteContact, editContact } from "./cloudtalk-contacts.ts";
import { addActivity, addNote, badAction, deleteNote, editNote } from "./cloudtalk-notes.ts";
import { type Answer, asRecord, type Route } from "./route.ts";
import type { World } from "./world.ts";

const commands = z
  .array(z.object({ action: z.string(), command_id: z.string(), data: z.record(z.string(), z.unknown()) }))
  .min(1)
  .max(10);

/** At most 10 commands in a top-level array; HTTP 200 even where single commands fail (facts/cloudtalk.md §1.6). */
export function cloudtalkBulkRoutes(world: World): Route[] {
  return [
    {
      vendor: "cloudtalk",
      operation: "bulk.contacts",
      method: "POST",
      path: "/bulk/contacts.json",
      handle: ({ body }) => bulk(world, body),
    },
  ];
}

function bulk(world: World, body: unknown): Answer {
  const parsed = commands.safeParse(body);
  if (!parsed.success) return invalid({ data: ["An array of 1 to 10 commands is expected."] });
  const results = parsed.data.map((command) => {
    const { responseData } = asRecord(run(world, command.action, command.data).body);
    return { command_id: command.command_id, ...asRecord(responseData) };
  });
  return envelope(200, { status: 200, data: results });
}

function run(world: World, action: string, data: Record<string, unknown>): Answer {
  const id = String(data.id ?? "");
  const contactId = String(data.contact_id ?? "");
  switch (action) {
    case "add_contact":
      return addContact(world, data);
    case "edit_contact":
      return editContact(world, id, data);
    case "delete_contact":
      return deleteContact(world, id);
    case "add_note":
      return addNote(world, contactId, data);
    case "edit_note":
      return editNote(world, id, data);
    case "delete_note":
      return deleteNote(world, id);
    case "add_activity":
      return addActivity(world, contactId, data);
    default:
      return badAction();
  }
}
