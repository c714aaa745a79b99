import type { CloudTalkContactId } from "@callbridge/events";
import { readFields } from "@callbridge/vendor";
import { createdIdAnswer, idIn, pageAnswer } from "./answer.ts";
import type { CloudTalkApi } from "./api.ts";
import { cleanText, known, noteCharactersMax } from "./text.ts";

/** A card in the contact's timeline that links elsewhere. */
export type NewActivity = {
  name: string;
  description?: string | undefined;
  /** Who is shown as its author. */
  author?: string | undefined;
  url?: string | undefined;
  at?: Date | undefined;
};
export type Activity = { id: string; name: string; description: string | undefined };

/** Rows of `activity/index`, wrapped in `ContactActivity`. */
const activitiesAnswer = pageAnswer((row): Activity | undefined => {
  const fields = readFields(row);
  const id = idIn(fields, "contactactivity.id", "id");
  const name = cleanText(fields.text("contactactivity.name", "name"));
  const description = cleanText(fields.text("contactactivity.description", "description"), noteCharactersMax);
  return id === undefined || name === undefined ? undefined : { id, name, description };
});

/** Of CloudTalk's types the only one that claims nothing (facts/cloudtalk.md §1.7). */
const type = "other";
const rowsPerPage = 1_000;
/** As many activities of one type as anybody looks at. */
const pagesMax = 10;

/** Activities of contacts: `activity/…`. An id of the CRM does not fit into theirs, so the link carries it. */
export function activitiesOf({ request, core }: CloudTalkApi) {
  return {
    /** The contact's activities of our type. */
    activities: async (contactId: CloudTalkContactId): Promise<Activity[]> => {
      const found: Activity[] = [];
      for (let page = 1; page <= pagesMax; page++) {
        const { rows, pages } = await request({
          operation: "activity.index",
          method: "GET",
          url: core("activity/index"),
          query: { contact_id: contactId, type, limit: rowsPerPage, page },
          answer: activitiesAnswer,
        });
        found.push(...rows);
        if (page >= pages) break;
      }
      return found;
    },

    /** Has no idempotency key: after an ambiguous failure look for the activity before another attempt. */
    addActivity: async (contactId: CloudTalkContactId, activity: NewActivity): Promise<{ id: string }> =>
      await request({
        operation: "activity.add",
        method: "PUT",
        url: core(`activity/add/${encodeURIComponent(contactId)}`),
        json: known({
          type,
          name: activity.name,
          description: activity.description,
          activity_author: activity.author,
          external_url: activity.url,
          activity_date: activity.at?.toISOString(),
        }),
        answer: createdIdAnswer,
      }),
  };
}
