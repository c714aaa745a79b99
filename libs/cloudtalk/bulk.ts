import assert from "node:assert/strict";
import type { CloudTalkContactId } from "@callbridge/events";
import { readFields } from "@callbridge/vendor";
import { z } from "zod";
import { envelope, idIn, textIn } from "./answer.ts";
import type { CloudTalkApi } from "./api.ts";
import { type ContactEdit, editContactBody, type NewContact, newContactBody } from "./contact-body.ts";

/** `commandId` says which result belongs to it, and nothing more: it does not make an action idempotent. */
export type BulkAction = { commandId: string } & (
  | { action: "add_contact"; contact: NewContact }
  | { action: "edit_contact"; id: CloudTalkContactId; edit: ContactEdit }
  | { action: "delete_contact"; id: CloudTalkContactId }
  | { action: "add_note"; contactId: CloudTalkContactId; note: string; agentId?: string | undefined }
  | { action: "edit_note"; noteId: string; contactId: CloudTalkContactId; note: string }
  | { action: "delete_note"; noteId: string }
);

export type BulkResult = {
  commandId: string;
  /** Like an HTTP status: 201 made, 200 done, 404, 406. Undefined: CloudTalk said nothing, it may have been applied. */
  status: number | undefined;
  /** Of what was made. */
  id?: string | undefined;
  /** Why not, with the names of the refused fields and without their values. */
  message?: string | undefined;
};

/** facts/cloudtalk.md §1.6. */
export const bulkActionsMax = 10;

const itemAnswer = z.looseObject({ command_id: z.union([z.string(), z.number()]).transform(String) });
export const bulkAnswer = envelope(z.looseObject({ data: z.array(z.unknown()) })).transform(
  ({ responseData }) => new Map(responseData.data.flatMap(readItem).map((result) => [result.commandId, result])),
);

function readItem(item: unknown): BulkResult[] {
  const known = itemAnswer.safeParse(item);
  if (!known.success) return [];
  const fields = readFields(item);
  const data = z.record(z.string(), z.unknown()).safeParse(known.data.data).data ?? {};
  const refused = Object.keys(data).filter((name) => name !== "id");
  const message = textIn(fields, "message");
  return [
    {
      commandId: known.data.command_id,
      status: fields.number("status"),
      id: idIn(fields, "data.id"),
      message: message !== undefined && refused.length > 0 ? `${message} (${refused.join(", ")})` : message,
    },
  ];
}

export function bulkOf({ request, core }: CloudTalkApi) {
  return {
    /**
     * Does up to 10 actions in one request, `POST bulk/contacts` (facts/cloudtalk.md §1.6), and says of each what became of
     * it, in their order. An action that fails is a result and not an error; an error means that none is known to be done.
     * Edits replace whole sets like `editContact`. Whether it counts as one operation of the budget is not documented.
     */
    bulkContacts: async (actions: readonly BulkAction[]): Promise<BulkResult[]> => {
      assert(actions.length <= bulkActionsMax, `a bulk has at most ${bulkActionsMax} actions, not ${actions.length}`);
      const ids = new Set(actions.map(({ commandId }) => commandId));
      assert(ids.size === actions.length, "two actions of a bulk share their commandId");
      if (actions.length === 0) return [];
      const json = actions.map((one) => ({ action: one.action, command_id: one.commandId, data: dataOf(one) }));
      const url = core("bulk/contacts");
      const done = await request({ operation: "bulk.contacts", method: "POST", url, json, answer: bulkAnswer });
      return actions.map(({ commandId }) => done.get(commandId) ?? { commandId, status: undefined });
    },
  };
}

function dataOf(one: BulkAction): object {
  switch (one.action) {
    case "add_contact":
      return newContactBody(one.contact);
    case "edit_contact":
      return { id: Number(one.id), ...editContactBody(one.edit) };
    case "delete_contact":
      return { id: Number(one.id) };
    case "add_note":
      return {
        contact_id: Number(one.contactId),
        note: one.note,
        ...(one.agentId && { user_id: Number(one.agentId) }),
      };
    case "edit_note":
      return { id: Number(one.noteId), contact_id: Number(one.contactId), note: one.note };
    case "delete_note":
      return { id: Number(one.noteId) };
  }
}
