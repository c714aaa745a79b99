import type { EventKey, GhlContactId, Normalised } from "@callbridge/events";
import { changeOf, contactStream, contentHash, personOf, type Report, typedByOperator } from "./report.ts";
import { line, tagList } from "./text.ts";

type ContactReport = {
  contactId: GhlContactId | undefined;
  change: "created" | "updated" | "deleted";
  time: string;
  because?: string;
};

/** Only who sent it and when: it differs between two deliveries of the same news. */
const deliveryFields = new Set(["timestamp", "webhookId", "deliveryId", "appId", "versionId"]);
/** As deep as a body is read elsewhere; deeper parts do not tell two reports apart. */
const contentDepthMax = 6;

export const nobody =
  "It names no contact: send contact_id ({{contact.id}}), or at least a complete phone ({{contact.phone}}).";

export function contactReported(report: Report, { contactId, change, time, because }: ContactReport): Normalised {
  const stream = contactStream(report, contactId);
  if (stream === undefined) return { verdict: "parked", because: nobody };
  const tags = tagList(report.fields, "tags", "contact.tags");
  const content =
    change === "updated" ? contentHash(report, within(report.body, contentDepthMax, deliveryFields)) : change;
  return {
    verdict: "accepted",
    because,
    events: [
      {
        type: "contact.reported",
        stream,
        key: keyOf(change, stream, content, report.receivedAt),
        time,
        source: "ghl",
        data: { ghlContactId: contactId, origin: "ghl", change, tags },
        personal: personOf(report, true),
      },
    ],
  };
}

/** `2026-11-22T10:00:00` of an instant. */
const secondsEnd = 19;

/**
 * A change told again in the same words may be another one: additional numbers, for one, are in no report. The same within
 * a second is a duplicate, later it is another hint to look.
 */
function keyOf(change: ContactReport["change"], stream: string, content: string, receivedAt: string): EventKey {
  if (change === "created") return { fact: `${stream}/created` };
  if (change === "updated") return { fact: `${stream}/reported/at:${receivedAt.slice(0, secondsEnd)}:${content}` };
  return { entity: `${stream}/reported`, content, mode: "state" };
}

/**
 * GHL does not say which tag came or went, only the list after it, unless the operator maps it (`customData.tag` and
 * `.action`). A tag named without an action counts as added; if the list contradicts that, the list is reported alone.
 */
export function tagsReported(report: Report, contactId: GhlContactId | undefined, time: string): Normalised {
  const stream = contactStream(report, contactId);
  if (stream === undefined) return { verdict: "parked", because: nobody };
  const tag = namedTag(report);
  const tags = tagList(report.fields, "tags", "contact.tags");
  const change = changeOf(report);
  const common = { stream, time, source: "ghl", personal: personOf(report, true) };

  const missing = change === undefined && tags !== undefined && !tags.some((item) => sameTag(item, tag));
  if (tag !== undefined && !missing) {
    const removed = change === "deleted";
    const entity = `${stream}/tag:${report.context.hash(tag.toLowerCase())}`;
    return {
      verdict: "accepted",
      events: [
        {
          ...common,
          type: removed ? "contact.untagged" : "contact.tagged",
          key: { entity, content: removed ? "untagged" : "tagged", mode: "state" },
          data: { ghlContactId: contactId, origin: "ghl", tag },
        },
      ],
    };
  }
  if (tags === undefined) {
    const because = "It says neither which tag nor the list of tags: map customData.tag and customData.action.";
    return contactReported(report, { contactId, change: "updated", time, because });
  }
  const content = contentHash(report, tags.map((item) => item.toLowerCase()).sort());
  return {
    verdict: "accepted",
    because: tag && "The named tag is not in the list and no action says that it was removed: map customData.action.",
    events: [
      {
        ...common,
        type: "contact.tags_reported",
        key: { entity: `${stream}/tags`, content, mode: "state" },
        data: { ghlContactId: contactId, origin: "ghl", tags },
      },
    ],
  };
}

export function namedTag(report: Report): string | undefined {
  return line(report.fields.text("tag.name", ...typedByOperator(report, ["tag", "tagname"])));
}

function sameTag(one: string, other: string | undefined): boolean {
  return one.toLowerCase() === other?.toLowerCase();
}

/** The body without some of its root's fields and without what lies deeper than can safely be walked. */
function within(value: unknown, depth: number, except: ReadonlySet<string> = new Set()): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) return value.map((item) => within(item, depth - 1));
  const kept = Object.entries(value).filter(([name]) => !except.has(name));
  return Object.fromEntries(kept.map(([name, part]) => [name, within(part, depth - 1)]));
}
