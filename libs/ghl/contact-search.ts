import { z } from "zod";
import { type GhlApi, isNotFound } from "./api.ts";
import { type GhlContact, ghlContact } from "./contact.ts";
import { contactsOf } from "./contacts.ts";

/** Where the next page begins, as GHL names it, or a page number where it names nothing. Plain JSON: may be stored. */
export type GhlCursor = number | (string | number)[];

export type GhlContactPage = {
  contacts: GhlContact[];
  /** Undefined after the last page. */
  next: GhlCursor | undefined;
  /** How many contacts the whole search finds; undefined where GHL does not say. */
  total: number | undefined;
};

/** More people than this with one number is ambiguous all the same. */
const searchResultsMax = 20;
/** GHL gives at most 500 on a page (facts/ghl.md §3.1); a hundred are a moment's work between two saved cursors. */
const rowsPerPage = 100;

const path = "/contacts/search";
const searchAnswer = z.looseObject({ contacts: z.array(ghlContact) });
const oneOrNone = z.looseObject({ contact: ghlContact.nullish() });
const cursor = z.looseObject({ searchAfter: z.array(z.union([z.string(), z.number()])).min(1) });
const pageAnswer = z.looseObject({ contacts: z.array(z.unknown()), total: z.number().optional().catch(undefined) });

/** Reads from GHL's search index, which lags behind by seconds. */
export function contactSearchOf(api: GhlApi) {
  const { request, locationId } = api;
  const { contact } = contactsOf(api);

  async function search(e164: string): Promise<GhlContact[]> {
    const filters = [{ field: "phone", operator: "eq", value: e164 }];
    const json = { locationId, page: 1, pageLimit: searchResultsMax, filters };
    return (await request({ operation: "contacts.search", method: "POST", path, json, answer: searchAnswer })).contacts;
  }

  async function duplicate(e164: string): Promise<GhlContact[]> {
    const query = { locationId, number: e164 };
    try {
      const answer = await request({
        operation: "contacts.duplicate",
        method: "GET",
        path: "/contacts/search/duplicate",
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

  async function page(
    operation: string,
    order: { field: string; filters?: object[] },
    after: GhlCursor | undefined,
    limit: number,
  ): Promise<GhlContactPage> {
    // `page` and `searchAfter` exclude each other, and pages end at 10,000 contacts.
    const start = Array.isArray(after) ? { searchAfter: after } : { page: after ?? 1 };
    const sort = [{ field: order.field, direction: "asc" }];
    const json = { locationId, pageLimit: limit, ...start, filters: order.filters, sort };
    const { contacts, total } = await request({ operation, method: "POST", path, json, answer: pageAnswer });
    const following = typeof after === "number" ? after + 1 : 2;
    return {
      contacts: contacts.flatMap((row) => ghlContact.safeParse(row).data ?? []),
      next: contacts.length < limit ? undefined : (cursor.safeParse(contacts.at(-1)).data?.searchAfter ?? following),
      total,
    };
  }

  return {
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
     * The contacts that changed at or after `since`, the longest unchanged first. A contact that changes meanwhile moves
     * behind the cursor and comes again. Deleted ones are not told of, and a change shows seconds late: let `since`
     * overlap with the last look by a minute. `limit` at most 500. A range on `dateUpdated` takes ISO 8601 instants
     * (facts/ghl.md §3.1 names the operator; the format is seen in several public clients, in no document).
     */
    async contactsUpdatedSince(wanted: {
      since: Date;
      after?: GhlCursor | undefined;
      limit?: number | undefined;
    }): Promise<GhlContactPage> {
      const { since, after, limit = rowsPerPage } = wanted;
      const filters = [{ field: "dateUpdated", operator: "range", value: { gte: since.toISOString() } }];
      return await page("contacts.updated", { field: "dateUpdated", filters }, after, limit);
    },

    /**
     * All contacts of the location, the oldest first, a page at a time and beyond 10,000 (facts/ghl.md §3.1: then only by
     * `searchAfter`). Contacts that are added meanwhile come at the end. `limit` at most 500.
     */
    async contactsPage(
      wanted: { after?: GhlCursor | undefined; limit?: number | undefined } = {},
    ): Promise<GhlContactPage> {
      return await page("contacts.list", { field: "dateAdded" }, wanted.after, wanted.limit ?? rowsPerPage);
    },
  };
}
