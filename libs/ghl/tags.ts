import type { GhlContactId } from "@callbridge/events";
import { z } from "zod";
import type { GhlApi } from "./api.ts";

/**
 * A contact's tags, one by one: every other way replaces the whole list (facts/ghl.md §0 item 9). GHL stores names in
 * lower case, so compare them without regard to case. Both are harmless to repeat: what is there is not added again, what
 * is not there is not removed. An unknown contact is refused with 400 or 404. After an ambiguous failure read the contact.
 */
export function tagsOf({ request }: GhlApi) {
  async function change(operation: string, method: "POST" | "DELETE", id: GhlContactId, names: readonly string[]) {
    const tags = [...new Set(names.map((name) => name.trim().toLowerCase()))].filter((name) => name !== "");
    if (tags.length === 0) return;
    const path = `/contacts/${encodeURIComponent(id)}/tags`;
    await request({ operation, method, path, json: { tags }, answer: z.unknown() });
  }

  return {
    /** `POST /contacts/{id}/tags` (facts/ghl.md §3.1). Names that the location does not have yet become its tags. */
    addTags: (id: GhlContactId, tags: readonly string[]): Promise<void> => change("contacts.addTags", "POST", id, tags),

    /** `DELETE /contacts/{id}/tags`, with a body (facts/ghl.md §3.1). */
    removeTags: (id: GhlContactId, tags: readonly string[]): Promise<void> =>
      change("contacts.removeTags", "DELETE", id, tags),
  };
}
