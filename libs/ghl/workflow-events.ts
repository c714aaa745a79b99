import type { GhlContactId, Normalised } from "@callbridge/events";
import { contactReported, namedTag, tagsReported } from "./contact-events.ts";
import { hasNote, noteIdOf, noteReported, noteTextOf, noteTime } from "./note-events.ts";
import { aspectOf, hasOpportunity, opportunityIdOf, opportunityOf, opportunityReported } from "./opportunity-events.ts";
import { changeOf, type Report } from "./report.ts";
import { ghlContactId } from "./text.ts";

type Kind = "contact" | "tag" | "note" | "stage" | "status";

const kinds = new Map<string, Kind>([
  ["new-contact", "contact"],
  ["new-tag", "tag"],
  ["new-note", "note"],
  ["pipeline-stage-changed", "stage"],
  ["pipeline-change", "stage"],
  ["opportunity-status-changed", "status"],
  ["status-change", "status"],
]);

/** Bodies of GHL's workflow actions "Webhook" and "Custom Webhook" (facts/ghl.md §5): unsigned, and without a type. */
export function normaliseWorkflow(endpoint: string, report: Report): Normalised {
  const named = report.fields.text("event", "eventname", "eventtype");
  const said = kinds.get(named?.toLowerCase().replace(/[\s_]+/g, "-") ?? "");
  const own = kinds.get(endpoint);
  if (said === undefined && own === undefined && endpoint !== "app") {
    return { verdict: "parked", because: "There is no such endpoint for GoHighLevel." };
  }
  const kind = said ?? kindByShape(own, report);
  if (kind === "undecided") {
    return {
      verdict: "parked",
      because:
        "An opportunity's payload that does not say whether its stage or its status changed: point the workflow at " +
        "pipeline-stage-changed or opportunity-status-changed, or set customData.event to one of these names.",
    };
  }
  return kind === undefined ? { verdict: "parked", because: unrecognised(report) } : read(kind, report);
}

/** An endpoint's own kind, unless the body is plainly something else: then the URL was pasted into another workflow. */
function kindByShape(own: Kind | undefined, report: Report): Kind | "undecided" | undefined {
  if (isCallReport(own, report)) return undefined;
  const nested = hasNote(report) ? "note" : report.fields.text("tag.name") ? "tag" : undefined;
  if (own === "note" && (nested === "note" || noteTextOf(report) !== undefined || noteIdOf(report))) return "note";
  if (own === "tag" && namedTag(report) !== undefined) return "tag";
  if (own === "stage" || own === "status") {
    const { stageId, stageName, status } = opportunityOf(report);
    const saysOwn = own === "stage" ? (stageId ?? stageName) : status;
    if (saysOwn !== undefined || opportunityIdOf(report) !== undefined) return aspectIfClear(own, saysOwn, report);
    return nested ?? aspectOf(report);
  }
  // A new contact starts expensive things, so what an opportunity trigger sent is never taken for one.
  return nested ?? (hasOpportunity(report) ? (aspectOf(report) ?? "undecided") : own);
}

function aspectIfClear(own: "stage" | "status", saysOwn: string | undefined, report: Report): Kind {
  return saysOwn === undefined ? (aspectOf(report) ?? own) : own;
}

function read(kind: Kind, report: Report): Normalised {
  const { fields, receivedAt } = report;
  const contactId = contactIdOf(kind, report);
  switch (kind) {
    case "contact": {
      const changes = { added: "created", updated: "updated", deleted: "deleted" } as const;
      const change = changes[changeOf(report) ?? "added"];
      const created =
        change === "created" ? fields.instant("datecreated", "dateadded", "contact.dateadded") : undefined;
      return contactReported(report, { contactId, change, time: created ?? receivedAt });
    }
    case "tag":
      return tagsReported(report, contactId, receivedAt);
    case "note": {
      const change = changeOf(report) ?? "added";
      const [noteId, text] = [noteIdOf(report), noteTextOf(report)];
      return noteReported(report, { contactId, noteId, change, text, time: noteTime(report) ?? receivedAt });
    }
    case "stage":
    case "status": {
      const opportunityId = opportunityIdOf(report);
      return opportunityReported(report, { aspect: kind, opportunityId, contactId, time: receivedAt });
    }
  }
}

/** A bare `id` is the contact's only in bodies about a contact that carry nothing else that could own it. */
function contactIdOf(kind: Kind, report: Report): GhlContactId | undefined {
  const named = [
    "contactid",
    "contact.id",
    "contact.contactid",
    "ghlcontactid",
    "opportunity.contactid",
    "note.contactid",
  ];
  const bare = (kind === "contact" || kind === "tag") && !hasOpportunity(report) && !report.standard;
  return ghlContactId(report.fields, ...named, ...(bare ? ["id"] : []));
}

/** CloudTalk's body on GHL's URL. A GHL contact may have custom fields of these names, but it always has its id. */
function isCallReport(own: Kind | undefined, report: Report): boolean {
  const call = report.fields.text("callid", "calluuid", "recordingurl");
  return call !== undefined && contactIdOf(own ?? "note", report) === undefined;
}

function unrecognised(report: Report): string {
  if (isCallReport(undefined, report)) {
    return "A call report: CloudTalk's automations post to /api/cloudtalk-webhooks/.";
  }
  return (
    "It is not recognised: send GHL's standard Webhook action, or a Custom Webhook with contactId ({{contact.id}}) and, " +
    "for opportunities, opportunityId, pipelineStageId or status."
  );
}
