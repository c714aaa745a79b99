import { type GhlContactId, ghlContactId } from "@callbridge/events";
import { VendorError } from "@callbridge/vendor";
import { z } from "zod";
import { type GhlApi, isNotFound } from "./api.ts";
import { type GhlContact, ghlContact } from "./contact.ts";

/** Texts, numbers, and lists of texts for fields with several options. */
export type GhlFieldValue = { id: string; value: string | number | string[] };

/** What both creating and updating a contact may set. An empty text empties the field; an absent one leaves it. */
type ContactFields = {
  firstName?: string | undefined;
  lastName?: string | undefined;
  /** Split by GHL into first and last name, where these are not given. */
  name?: string | undefined;
  /** E.164. */
  phone?: string | undefined;
  email?: string | undefined;
  address1?: string | undefined;
  city?: string | undefined;
  state?: string | undefined;
  postalCode?: string | undefined;
  /** ISO 3166 alpha-2. */
  country?: string | undefined;
  website?: string | undefined;
  /** An IANA name, e.g. `Europe/Rome`. */
  timezone?: string | undefined;
  /** A user of the location. */
  assignedTo?: string | undefined;
  /** Merged by id: fields that are not named stay as they are. */
  customFields?: GhlFieldValue[] | undefined;
};

/** An update takes neither tags, which it would overwrite, nor the company's name, which GHL refuses there (422). */
export type GhlContactUpdate = ContactFields;

export type NewGhlContact = ContactFields & {
  companyName?: string | undefined;
  /** Shown in GHL as the contact's source, and what workflows filter on. */
  source: string;
  tags?: string[] | undefined;
};

const oneOrNone = z.looseObject({ contact: ghlContact.nullish() });
const createAnswer = z.looseObject({ contact: z.looseObject({ id: ghlContactId }) });
const duplicateError = z.looseObject({
  meta: z.looseObject({ contactId: ghlContactId, matchingField: z.string().optional() }),
});

/** GHL refuses fields that it does not know (422), so nothing else gets through (facts/ghl.md §0 item 8, §3.1). */
function allowed(contact: ContactFields) {
  const { firstName, lastName, name, phone, email, address1, city, state, postalCode } = contact;
  const { country, website, timezone, assignedTo, customFields } = contact;
  return {
    ...{ firstName, lastName, name, phone, email, address1, city, state, postalCode },
    ...{ country, website, timezone, assignedTo },
    // Read as `value`, written as `field_value` (facts/ghl.md §3.2).
    customFields: customFields?.map((field) => ({ id: field.id, field_value: field.value })),
  };
}

export function contactsOf({ request, locationId }: GhlApi) {
  const pathOf = (id: GhlContactId) => `/contacts/${encodeURIComponent(id)}`;

  /**
   * Sets these fields of a contact and no other: `PUT /contacts/{id}` (facts/ghl.md §3.1). A number or an e-mail address
   * that belongs to another contact is refused where the location allows no duplicates (400): look it up. Harmless to
   * repeat; GHL reports it by webhook like anybody's change.
   */
  async function updateContact(id: GhlContactId, fields: GhlContactUpdate): Promise<void> {
    const json = allowed(fields);
    await request({ operation: "contacts.update", method: "PUT", path: pathOf(id), json, answer: z.unknown() });
  }

  return {
    updateContact,

    /** A contact as it is now; undefined when there is none of this id. */
    async contact(id: GhlContactId): Promise<GhlContact | undefined> {
      try {
        const get = { operation: "contacts.get", method: "GET", path: pathOf(id), answer: oneOrNone } as const;
        return (await request(get)).contact ?? undefined;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },

    /**
     * Creates a contact. `existed`: the location allows no duplicates and this one is already there, found by GHL
     * under the same `phone` or `email` (`matchedBy`); it is left as it is, tags included. Never an upsert: that
     * overwrites tags and merges two people by the first identifier. A 422 is ambiguous, because GHL has created
     * contacts that it answered 422 for (issue 64): look for the number before another attempt.
     */
    async createContact(contact: NewGhlContact): Promise<{ id: GhlContactId; existed: boolean; matchedBy?: string }> {
      const { companyName, source, tags } = contact;
      const json = { locationId, ...allowed(contact), companyName, source, tags };
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
    setCustomFields: (id: GhlContactId, customFields: { id: string; value: string | number }[]): Promise<void> =>
      updateContact(id, { customFields }),

    /** `DELETE /contacts/{id}` (facts/ghl.md §3.1). One that is gone already is no error. */
    async deleteContact(id: GhlContactId): Promise<void> {
      try {
        await request({ operation: "contacts.delete", method: "DELETE", path: pathOf(id), answer: z.unknown() });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  };
}

function asAmbiguous(error: VendorError): VendorError {
  const { vendor, operation, status, body } = error;
  const detail = `${error.message.replace(/^.*? 422 /, "")} (GHL may have created it all the same)`;
  return new VendorError({ vendor, operation, consequence: "ambiguous", detail, status, body, cause: error });
}
