import type { GhlContactId } from "@callbridge/events";
import { type GhlOptions, ghlApi } from "./api.ts";
import { callsOf } from "./calls.ts";
import { contactSearchOf } from "./contact-search.ts";
import { contactsOf } from "./contacts.ts";
import { locationOf } from "./location.ts";
import { notesOf } from "./notes.ts";
import { opportunitiesOf } from "./opportunities.ts";
import { tagsOf } from "./tags.ts";
import { tasksOf } from "./tasks.ts";
import { workflowsOf } from "./workflows.ts";

const appUrl = "https://app.gohighlevel.com";
const pagePath = (locationId: string) => `/location/${locationId}/contacts/detail/`;

/**
 * GHL's API for one location, as far as Callbridge uses it. Every failure is a `VendorError`; requests are built field
 * by field because GHL refuses unknown ones (422); answers are read tolerantly because they differ from the contract.
 */
export function createGhl(options: GhlOptions) {
  const api = ghlApi(options);
  return {
    ...contactsOf(api),
    ...contactSearchOf(api),
    ...tagsOf(api),
    ...workflowsOf(api),
    ...notesOf(api),
    ...tasksOf(api),
    ...opportunitiesOf(api),
    ...callsOf(api),
    ...locationOf(api),
    /** Where people see a contact in GHL (facts/predecessor.md §3). */
    contactPage: (id: GhlContactId) => `${appUrl}${pagePath(options.locationId)}${id}`,
    /** The contact that an address is the page of; undefined for any other address, and for contacts of other locations. */
    contactIdIn: (url: string): GhlContactId | undefined => {
      // White-labelled installations have the same path under a host of their own.
      const [, id] = url.split(pagePath(options.locationId));
      return /^[A-Za-z0-9]+/.exec(id ?? "")?.[0] as GhlContactId | undefined;
    },
  };
}

export type Ghl = ReturnType<typeof createGhl>;
