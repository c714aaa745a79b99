import { activitiesOf } from "./activities.ts";
import { type CloudTalkOptions, cloudTalkApi } from "./api.ts";
import { bulkOf } from "./bulk.ts";
import { callsOf } from "./calls.ts";
import { contactsOf } from "./contacts.ts";
import { cueCardsOf } from "./cue-cards.ts";
import { notesOf } from "./notes.ts";
import { tagsOf } from "./tags.ts";

/**
 * CloudTalk's API for one company, as far as Callbridge uses it. Every failure is a `VendorError`; requests are built from
 * an allow-list; answers are read tolerantly because they differ from the contract.
 */
export function createCloudTalk(options: CloudTalkOptions) {
  const api = cloudTalkApi(options);
  return {
    ...callsOf(api),
    ...contactsOf(api),
    ...tagsOf(api),
    ...bulkOf(api),
    ...notesOf(api),
    ...activitiesOf(api),
    ...cueCardsOf(api),
  };
}

export type CloudTalk = ReturnType<typeof createCloudTalk>;
