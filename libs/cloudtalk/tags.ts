import type { CloudTalkContactId } from "@callbridge/events";
import { readFields } from "@callbridge/vendor";
import { z } from "zod";
import { idIn, pageAnswer, textIn } from "./answer.ts";
import type { CloudTalkApi } from "./api.ts";

export type Tag = { id: string; name: string };

/** As rows of `tags/index`: wrapped in `Tag`, as the example shows, or bare, as the schema says. */
export const tagsAnswer = pageAnswer((row): Tag | undefined => {
  const fields = readFields(row);
  const [id, name] = [idIn(fields, "tag.id", "id"), textIn(fields, "tag.name", "name")];
  return id === undefined || name === undefined ? undefined : { id, name };
});

const rowsPerPage = 1_000;

/**
 * A contact's tags, one by one: an edit would replace them all. They also make it a member of a dialling campaign
 * (facts/cloudtalk.md §0 items 8 and 17). Both are harmless to repeat; an unknown contact is a 404. CloudTalk keeps the
 * names as they are written and makes new tags of unknown ones (inferred, §6 item 6).
 */
export function tagsOf({ request, core }: CloudTalkApi) {
  async function change(action: string, method: "PUT" | "DELETE", id: CloudTalkContactId, names: readonly string[]) {
    const tags = [...new Set(names.map((name) => name.trim()))].filter((name) => name !== "");
    if (tags.length === 0) return;
    const url = core(`contacts/${action}/${encodeURIComponent(id)}`);
    await request({ operation: `contacts.${action}`, method, url, json: { tags }, answer: z.unknown() });
  }

  return {
    addTags: (id: CloudTalkContactId, tags: readonly string[]): Promise<void> => change("addTags", "PUT", id, tags),

    /** A DELETE with a body. */
    removeTags: (id: CloudTalkContactId, tags: readonly string[]): Promise<void> =>
      change("removeTags", "DELETE", id, tags),

    /** The company's tags, a page at a time (from 1; `limit` at most 1000): ids are what contacts are listed by. */
    tags: async (
      wanted: { page?: number | undefined; limit?: number | undefined } = {},
    ): Promise<{ rows: Tag[]; pages: number; total: number | undefined }> =>
      await request({
        operation: "tags.index",
        method: "GET",
        url: core("tags/index"),
        query: { page: wanted.page ?? 1, limit: wanted.limit ?? rowsPerPage },
        answer: tagsAnswer,
      }),
  };
}
