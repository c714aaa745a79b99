import type { Normalised } from "@callbridge/events";
import { contactReported, tagsReported } from "./contact-events.ts";
import { noteReported } from "./note-events.ts";
import { type OpportunityAspect, opportunityReported } from "./opportunity-events.ts";
import type { Change, Report } from "./report.ts";
import { ghlContactId, ghlId, line, noteText } from "./text.ts";

/** Marketplace-app events (contracts/ghl/webhooks): flat camelCase, named by `type`. */
const readers = new Map<string, (report: Report) => Normalised>([
  ["contactcreate", (report) => contact(report, "created")],
  ["contactupdate", (report) => contact(report, "updated")],
  ["contactdelete", (report) => contact(report, "deleted")],
  [
    "contacttagupdate",
    (report) => tagsReported(report, ghlContactId(report.fields, "id", "contactid"), sentAt(report)),
  ],
  ["notecreate", (report) => note(report, "added")],
  ["noteupdate", (report) => note(report, "updated")],
  ["notedelete", (report) => note(report, "deleted")],
  ["opportunitystageupdate", (report) => opportunity(report, "stage")],
  ["opportunitystatusupdate", (report) => opportunity(report, "status")],
]);

/** Known and of no use. One change of an opportunity sends several events, and only the precise ones are taken. */
const ignored = new Map<string, string>([
  ["install", "the app was installed"],
  ["uninstall", "the app was removed"],
  ["inboundmessage", "messages and GHL's own calls are not synced"],
  ["outboundmessage", "messages and GHL's own calls are not synced"],
  ["contactdndupdate", "do-not-disturb settings are not synced"],
  ["taskcreate", "tasks are not synced"],
  ["taskcomplete", "tasks are not synced"],
  ["taskdelete", "tasks are not synced"],
  ["opportunitycreate", "only stage and status changes are used"],
  ["opportunityupdate", "only stage and status changes are used"],
  ["opportunitydelete", "only stage and status changes are used"],
  ["opportunityassignedtoupdate", "only stage and status changes are used"],
  ["opportunitymonetaryvalueupdate", "only stage and status changes are used"],
]);

/** The body's app event, if it is one: by a known `type` on any endpoint, by any `type` where only apps post. */
export function appEventOf(endpoint: string, { fields }: Report): string | undefined {
  const type = line(fields.text("type"))?.toLowerCase();
  if (type === undefined) return undefined;
  const known = readers.has(type) || ignored.has(type);
  return known || endpoint === "app" || fields.text("webhookid") !== undefined ? type : undefined;
}

export function normaliseAppEvent(type: string, report: Report): Normalised {
  const read = readers.get(type);
  if (read) return read(report);
  const because = ignored.get(type) ?? "events of this type are not used";
  return { verdict: "ignored", because: `${because.charAt(0).toUpperCase()}${because.slice(1)}.` };
}

function contact(report: Report, change: "created" | "updated" | "deleted"): Normalised {
  const contactId = ghlContactId(report.fields, "id", "contactid");
  const time = change === "created" ? report.fields.instant("dateadded") : undefined;
  return contactReported(report, { contactId, change, time: time ?? sentAt(report) });
}

function note(report: Report, change: Change): Normalised {
  const { fields } = report;
  const time = change === "added" ? fields.instant("dateadded") : undefined;
  return noteReported(report, {
    contactId: ghlContactId(fields, "contactid"),
    noteId: ghlId(fields, "id", "note.id"),
    change,
    text: noteText(fields.text("body", "note.body")),
    author: ghlId(fields, "userid"),
    time: time ?? sentAt(report),
  });
}

function opportunity(report: Report, aspect: OpportunityAspect): Normalised {
  return opportunityReported(report, {
    aspect,
    opportunityId: ghlId(report.fields, "id"),
    contactId: ghlContactId(report.fields, "contactid"),
    time: sentAt(report),
  });
}

function sentAt({ fields, receivedAt }: Report): string {
  return fields.instant("timestamp") ?? receivedAt;
}
