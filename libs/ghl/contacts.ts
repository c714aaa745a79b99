import type { GhlContactId } from "@callbridge/events";
import { VendorError } from "@callbridge/vendor";
import { z } from "zod";
import type { GhlApi } from "./api.ts";
import { contactId, type GhlContact, ghlContact } from "./contact.ts";

export type NewGhlContact = {
  firstName?: string | undefined;
  lastName?: string | undefined;
  name?: string | undefined;
  /** E.164. */
  phone: string;
  email?: string | undefined;
  /** Shown in GHL as the contact's source, and what workflows filter on. */
  source: string;
  tags?: string[] | undefined;
};

/** More people than this with one number is ambiguous all the same. */
const searchResultsMax = 20;

const searchAnswer = z.looseObject({ contacts: z.array(ghlContact) });
const oneOrNone = z.looseObject({ contact: ghlContact.nullish() });
const createAnswer = z.looseObject({ contact: z.looseObject({ id: contactId }) });
const duplicateError = z.looseObject({
  meta: z.looseObject({ contactId, matchingField: z.string().optional() }),
});

export function contactsOf({ request, locationId }: GhlApi) {
  /** A contact as it is now; undefined when there is none of this id. */
  async function contact(id: GhlContactId): Promise<GhlContact | undefined> {
    const path = `/contacts/${encodeURIComponent(id)}`;
    try {
      const answer = await request({ operation: "contacts.get", method: "GET", path, answer: oneOrNone });
      return answer.contact ?? undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async function search(e164: string): Promise<GhlContact[]> {
    const filters = [{ field: "phone", operator: "eq", value: e164 }];
    const json = { locationId, page: 1, pageLimit: searchResultsMax, filters };
    const path = "/contacts/search";
    return (await request({ operation: "contacts.search", method: "POST", path, json, answer: searchAnswer })).contacts;
  }

  async function duplicate(e164: string): Promise<GhlContact[]> {
    const path = "/contacts/search/duplicate";
    const query = { locationId, number: e164 };
    try {
      const answer = await request({
        operation: "contacts.duplicate",
        method: "GET",
        path,
        query,
        answer: oneOrNone,
      });
      if (!answer.contact) return [];
      // Its answer is undocumented: without a number in it, the contact itself says whose it is.
      const found = answer.contact.phones.length > 0 ? answer.contact : await contact(answer.contact.id);
      return found ? [found] : [];
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }

  return {
    contact,

    /**
     * The contacts that hold exactly this number. Search goes by an index that lags behind by seconds and has missed
     * numbers (issue 289), the duplicate look-up finds one contact at most: only both together are believed. `agree` is
     * false when one found somebody that the other should have found too: look again later, before deciding on nobody.
     */
    async findContactsByPhone(e164: string): Promise<{ contacts: GhlContact[]; agree: boolean }> {
      const holds = (found: GhlContact) => found.phones.includes(e164);
      const [searched, looked] = await Promise.all([search(e164), duplicate(e164)]);
      const [bySearch, byLookUp] = [searched.filter(holds), looked.filter(holds)];
      const contacts = new Map([...bySearch, ...byLookUp].map((found) => [found.id, found]));
      const both = byLookUp.some(({ id }) => bySearch.some((found) => found.id === id));
      return { contacts: [...contacts.values()], agree: contacts.size === 0 || both };
    },

    /**
     * Creates a contact. `existed`: the location allows no duplicates and this one is already there, found by GHL
     * under the same `phone` or `email` (`matchedBy`); it is left as it is, tags included. Never an upsert: that
     * overwrites tags and merges two people by the first identifier. A 422 is ambiguous, because GHL has created
     * contacts that it answered 422 for (issue 64): look for the number before another attempt.
     */
    async createContact(contact: NewGhlContact): Promise<{ id: GhlContactId; existed: boolean; matchedBy?: string }> {
      const { firstName, lastName, name, phone, email, source, tags } = contact;
      const json = { locationId, firstName, lastName, name, phone, email, source, tags };
      try {
        const answer = await request({
          operation: "contacts.create",
          method: "POST",
          path: "/contacts/",
          json,
          answer: createAnswer,
        });
        return { id: answer.contact.id, existed: false };
      } catch (error) {
        if (!(error instanceof VendorError)) throw error;
        const known = error.status === 400 ? duplicateError.safeParse(error.body).data?.meta : undefined;
        if (known) {
          const matchedBy = known.matchingField;
          return { id: known.contactId, existed: true, ...(matchedBy === undefined ? {} : { matchedBy }) };
        }
        throw error.status === 422 ? asAmbiguous(error) : error;
      }
    },

    /** Sets these custom fields and no other field of the contact. */
    async setCustomFields(id: GhlContactId, fields: { id: string; value: string | number }[]): Promise<void> {
      const json = { customFields: fields.map((field) => ({ id: field.id, field_value: field.value })) };
      const path = `/contacts/${encodeURIComponent(id)}`;
      await request({ operation: "contacts.update", method: "PUT", path, json, answer: z.unknown() });
    },
  };
}

/** GHL answers unknown ids with 404, and with 400 "Contact with id … not found". */
function isNotFound(error: unknown): boolean {
  if (!(error instanceof VendorError)) return false;
  return error.status === 404 || (error.status === 400 && /not found/i.test(error.message));
}

function asAmbiguous(error: VendorError): VendorError {
  const { vendor, operation, status, body } = error;
  const detail = `${error.message.replace(/^.*? 422 /, "")} (GHL may have created it all the same)`;
  return new VendorError({ vendor, operation, consequence: "ambiguous", detail, status, body, cause: error });
}
