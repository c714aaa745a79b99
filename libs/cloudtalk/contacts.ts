import type { CloudTalkContactId } from "@callbridge/events";
import { z } from "zod";
import { type CloudTalkApi, orNotFound } from "./api.ts";
import {
  type AttributeDefinition,
  attributesAnswer,
  type Contact,
  type ContactRow,
  contactAnswer,
  contactIdsAnswer,
  contactRowsAnswer,
  createdAnswer,
} from "./contact.ts";
import { type ContactEdit, editContactBody, type NewContact, newContactBody } from "./contact-body.ts";

/** A full number as keyword hits few contacts; this many share one only in a broken account. */
const candidatesMax = 20;
/** The longest page that CloudTalk gives: an import costs one operation for this many contacts. */
const rowsPerPage = 1_000;

export function contactsOf({ request, core }: CloudTalkApi) {
  const addressOf = (action: string, id: CloudTalkContactId) => core(`contacts/${action}/${encodeURIComponent(id)}`);

  async function contact(id: CloudTalkContactId): Promise<Contact | undefined> {
    const url = addressOf("show", id);
    return await orNotFound(request({ operation: "contacts.show", method: "GET", url, answer: contactAnswer }));
  }

  async function search(keyword: string, e164: string): Promise<Contact[]> {
    const ids = await request({
      operation: "contacts.search",
      method: "GET",
      url: core("contacts/index"),
      query: { keyword, limit: candidatesMax },
      answer: contactIdsAnswer,
    });
    const matches: Contact[] = [];
    // One after the other: the budget is shared, and there is hardly ever more than one.
    for (const id of new Set(ids)) {
      const found = await contact(id);
      if (found?.phones.includes(e164)) matches.push(found);
    }
    return matches;
  }

  return {
    /** Undefined when it is gone: contacts are merged and deleted. */
    contact,

    /** The contacts that have exactly this number. New ones are found only after a short index lag. */
    findContactsByPhone: async (e164: string): Promise<Contact[]> => {
      const matches = await search(e164, e164);
      // Numbers are stored with or without "+", and a match that is overlooked becomes a duplicate contact.
      return matches.length > 0 ? matches : await search(e164.replace("+", ""), e164);
    },

    /** Has no idempotency key: after an ambiguous failure look the number up before another attempt. */
    createContact: async (input: NewContact): Promise<CloudTalkContactId> =>
      await request({
        operation: "contacts.add",
        method: "PUT",
        url: core("contacts/add"),
        json: newContactBody(input),
        answer: createdAnswer,
      }),

    /**
     * Sets these fields and leaves the others: `POST contacts/edit/{id}` (facts/cloudtalk.md §1.6). Each list replaces the
     * contact's whole set (§0 item 8), so whoever sends one must have read the contact just before and send everything
     * that is to stay, and send none while `otherNumbers` is not empty. One bad member refuses the edit (406), an unknown
     * id is a 404. Older copies of the document require the name: send it along. Texts are sent as people read them:
     * CloudTalk escapes, we do not. Harmless to repeat.
     */
    editContact: async (id: CloudTalkContactId, edit: ContactEdit): Promise<void> => {
      const json = editContactBody(edit);
      const url = addressOf("edit", id);
      await request({ operation: "contacts.edit", method: "POST", url, json, answer: z.unknown() });
    },

    /** One that is gone already is no error. Its calls stay in the history. */
    deleteContact: async (id: CloudTalkContactId): Promise<void> => {
      const url = addressOf("delete", id);
      await orNotFound(request({ operation: "contacts.delete", method: "DELETE", url, answer: z.unknown() }));
    },

    /**
     * All contacts, or those with a tag, a page at a time (from 1; `limit` at most 1000): `GET contacts/index`. A row shows
     * one of the contact's numbers and one of its addresses. The order is not documented and there is no filter by time:
     * who pages through a list that changes meanwhile may miss or repeat some (facts/cloudtalk.md §1.6).
     */
    contactsPage: async (wanted: {
      page: number;
      limit?: number | undefined;
      tagId?: string | undefined;
    }): Promise<{ rows: ContactRow[]; pages: number; total: number | undefined }> =>
      await request({
        operation: "contacts.index",
        method: "GET",
        url: core("contacts/index"),
        query: { page: wanted.page, limit: wanted.limit ?? rowsPerPage, tag_id: wanted.tagId },
        answer: contactRowsAnswer,
      }),

    /** The definitions of the contacts' attributes. The API cannot create one (facts/cloudtalk.md §1.4). */
    contactAttributes: async (): Promise<AttributeDefinition[]> =>
      await request({
        operation: "contacts.attributes",
        method: "GET",
        url: core("contacts/attributes"),
        answer: attributesAnswer,
      }),
  };
}
