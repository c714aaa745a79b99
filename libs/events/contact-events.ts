import { z } from "zod";
import { cloudtalkContactId, contactIds, ghlContactId, id, nothingPersonal, side, text } from "./fields.ts";

const contactPersonal = z.object({
  name: text.optional(),
  firstName: text.optional(),
  lastName: text.optional(),
  phones: z.array(text).optional(),
  emails: z.array(text).optional(),
  /** Fields that the report says were changed, as it named them. */
  changed: z.record(z.string(), z.unknown()).optional(),
});

const opportunity = z.object({
  opportunityId: id.optional(),
  ghlContactId: ghlContactId.optional(),
  pipelineId: id.optional(),
  pipelineName: text.optional(),
  stageId: id.optional(),
  stageName: text.optional(),
  previousStageName: text.optional(),
  status: text.optional(),
  previousStatus: text.optional(),
});

/** Contacts, their notes and opportunities, and the agents. */
export const contactEvents = {
  /** A webhook's hint that a contact is new or changed; the truth is read from the vendor. */
  "contact.reported": {
    data: z.object({
      ...contactIds,
      origin: side,
      change: z.enum(["created", "updated", "deleted"]),
      tags: z.array(text).optional(),
    }),
    personal: contactPersonal,
  },
  "contact.tagged": { data: z.object({ ...contactIds, origin: side, tag: text }), personal: contactPersonal },
  "contact.untagged": { data: z.object({ ...contactIds, origin: side, tag: text }), personal: contactPersonal },
  /** The tag list as a webhook gave it, when the webhook does not say which tag came or went. */
  "contact.tags_reported": {
    data: z.object({ ...contactIds, origin: side, tags: z.array(text) }),
    personal: contactPersonal,
  },
  "note.added": {
    data: z.object({
      ...contactIds,
      origin: side,
      noteId: id.optional(),
      change: z.enum(["added", "updated", "deleted"]),
    }),
    personal: contactPersonal.extend({ note: text.optional(), author: text.optional() }),
  },
  /** A side's record of a person as it was read there. Its phones are E.164. */
  "contact.observed": {
    data: z.object({ ...contactIds, side, tags: z.array(text) }),
    personal: z.object({
      phones: z.array(text).optional(),
      emails: z.array(text).optional(),
      /** Every other value by the name that the mapping gives it, such as `name` or `company`. */
      fields: z.record(z.string(), z.string()).optional(),
    }),
  },
  /** A side's record is gone there: read as missing, not merely reported so. */
  "contact.deleted": { data: z.object({ ...contactIds, side }), personal: nothingPersonal },
  /** The two sides' records of one person. */
  "contact.linked": {
    data: z.object({
      cloudtalkContactId,
      ghlContactId,
      /** `call`: the call centre named its caller, and exactly one CRM contact has that number. */
      because: z.enum(["created", "phone", "external-url", "call", "merged", "person"]),
      /** The one was just made of the other, with everything that is synced: there is nothing to compare. */
      compared: z.boolean().optional(),
    }),
    personal: nothingPersonal,
  },
  /** They are two people after all, or one of them is another's second record; their streams part again. */
  "contact.unlinked": {
    data: z.object({
      cloudtalkContactId,
      ghlContactId,
      because: z.enum(["person", "merged", "second-record"]),
    }),
    personal: nothingPersonal,
  },
  /** Several records may be this contact's counterpart: a person decides (`callbridge contacts inbox`). */
  "contact.ambiguous": {
    data: z.object({
      ...contactIds,
      because: z.enum(["several-in-ghl", "several-in-cloudtalk", "linked-to-another"]),
      candidates: z.array(id),
    }),
    personal: nothingPersonal,
  },
  /**
   * A person's answer that links nothing: this record belongs to a CRM contact without being its counterpart (a second
   * record, a number that several share), or without `belongsTo` to nobody there. It holds until another answer or a link.
   */
  "contact.settled": {
    data: z.object({ ...contactIds, belongsTo: ghlContactId.optional() }),
    personal: nothingPersonal,
  },
  /** Both sides were compared, everything reported up to a position considered; what they agree on is the new base. */
  "contact.synced": {
    data: z.object({
      ...contactIds,
      upTo: z.number().int().positive(),
      /** Names of what is being written to each side; empty: nothing differed. */
      writes: z.object({ ghl: z.array(text), cloudtalk: z.array(text) }),
      /** Tags that both sides have, as they compare. */
      tags: z.array(text).optional(),
    }),
    personal: z.object({
      phones: z.array(text).optional(),
      emails: z.array(text).optional(),
      fields: z.record(z.string(), z.string()).optional(),
    }),
  },
  /** A report that told of nothing but our own write. */
  "echo.recognised": {
    data: z.object({ ...contactIds, effect: id, origin: side }),
    personal: nothingPersonal,
  },
  "opportunity.stage_changed": { data: opportunity, personal: contactPersonal },
  "opportunity.status_changed": { data: opportunity, personal: contactPersonal },
  "agent.status_changed": {
    data: z.object({ agentId: id, status: text }),
    personal: z.object({ agentName: text.optional(), agentEmail: text.optional() }),
  },
};
