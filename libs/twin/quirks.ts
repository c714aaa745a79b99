import type { Vendor } from "./route.ts";

/** How an answer that deviates must be looked at to be compared with the vendor's document. */
export type Amendment =
  /** The document gives this operation and status no body, or does not know it. */
  | { kind: "undocumented"; statuses: number[] }
  /** The document describes what stands under this property. */
  | { kind: "unwrap"; property: string }
  /** Numbers come as text and text as numbers. */
  | { kind: "loose-scalars" }
  /** `parent.name` or `name`: not in the document, but answered. */
  | { kind: "extra"; properties: string[] }
  | { kind: "nullable"; properties: string[] }
  /** These properties have another shape than the document gives. */
  | { kind: "reshaped"; properties: string[] }
  /** Items of this list may also look like this. */
  | { kind: "also"; property: string; schema: Record<string, unknown> };

/** One deviation from a vendor's document, with the fact that demands it. */
export type Quirk = {
  vendor: Vendor;
  /** Operations it applies to; every one of the vendor when absent. */
  operations?: string[];
  why: string;
  source: string;
  amendment: Amendment;
};

const cloudtalk: Quirk[] = [
  {
    vendor: "cloudtalk",
    why: "Everything is wrapped in responseData, as all examples of the document show and its schemas do not",
    source: "facts/cloudtalk.md §1.3",
    amendment: { kind: "unwrap", property: "responseData" },
  },
  {
    vendor: "cloudtalk",
    why: "Ids and counters come as text; phones in lists as JSON numbers",
    source: "facts/cloudtalk.md §0 items 5, 6",
    amendment: { kind: "loose-scalars" },
  },
  {
    vendor: "cloudtalk",
    why: "Refusals for credentials, limits and a missing Accept are only in the prose of the document",
    source: "facts/cloudtalk.md §0 items 1, 4; §1.3",
    amendment: { kind: "undocumented", statuses: [401, 403, 406, 429] },
  },
  {
    vendor: "cloudtalk",
    operations: ["calls.index"],
    why: "The example of the document has BillingCall, country_code, fullname and notes that its schema lacks",
    source: "facts/cloudtalk.md §1.5",
    amendment: { kind: "extra", properties: ["Cdr.country_code", "BillingCall", "Notes.note"] },
  },
  {
    vendor: "cloudtalk",
    operations: ["calls.index"],
    why: "Missed calls have neither an answer time nor an agent, unknown callers no contact, withheld ones no number",
    source: "facts/cloudtalk.md §1.5, §0 items 6, 7",
    amendment: {
      kind: "nullable",
      properties: ["id", "user_id", "answered_at", "ended_at", "public_external", "company"],
    },
  },
  {
    vendor: "cloudtalk",
    operations: ["contacts.index", "contacts.show"],
    why: "Empty values are null",
    source: "facts/cloudtalk.md §1.6 (real answer)",
    amendment: {
      kind: "nullable",
      properties: [
        ...["title", "company", "industry", "website", "address", "city", "zip", "state"],
        ...["country_id", "favorite_agent", "email", "public_number", "ExternalUrl"],
      ],
    },
  },
  {
    vendor: "cloudtalk",
    operations: ["contacts.show"],
    why: "A real answer has Tag where the document has ContactsTag, and repeats contact_id",
    source: "facts/cloudtalk.md §1.6 (real answer)",
    amendment: { kind: "extra", properties: ["Tag", "contact_id"] },
  },
  {
    vendor: "cloudtalk",
    operations: ["contacts.attributes"],
    why: "A bare array stands in responseData",
    source: "facts/cloudtalk.md §1.3",
    amendment: { kind: "reshaped", properties: ["responseData"] },
  },
  {
    vendor: "cloudtalk",
    operations: ["notes.index"],
    why: "A note written without an agent has none",
    source: "facts/cloudtalk.md §0 item 7",
    amendment: { kind: "nullable", properties: ["user_id"] },
  },
  {
    vendor: "cloudtalk",
    operations: ["tags.index", "groups.index"],
    why: "Rows are wrapped in their resource key, as the example shows",
    source: "facts/cloudtalk.md §1.3",
    amendment: { kind: "extra", properties: ["Tag", "Group"] },
  },
  {
    vendor: "cloudtalk",
    operations: ["bulk.contacts"],
    why: "The document itself has an envelope here",
    source: "facts/cloudtalk.md §1.6",
    amendment: { kind: "reshaped", properties: ["responseData"] },
  },
];

const otherHosts: Quirk[] = [
  {
    vendor: "analytics",
    operations: ["analytics.call"],
    why: "A refused id is answered with a list of sentences, as the example shows; credentials are not documented",
    source: "facts/cloudtalk.md §1.3",
    amendment: { kind: "reshaped", properties: ["message"] },
  },
  {
    vendor: "analytics",
    operations: ["analytics.call"],
    why: "Credentials are only in the prose of the document",
    source: "facts/cloudtalk.md §1.1",
    amendment: { kind: "undocumented", statuses: [401, 403] },
  },
  {
    vendor: "analytics",
    operations: ["analytics.call"],
    why: "Voicemail steps exist beyond the document",
    source: "facts/cloudtalk.md §1.5",
    amendment: {
      kind: "also",
      property: "call_steps",
      schema: { type: "object", required: ["type"], properties: { type: { const: "voicemail" } } },
    },
  },
  {
    vendor: "platform",
    why: "Credentials are only in the prose of the document",
    source: "facts/cloudtalk.md §1.1",
    amendment: { kind: "undocumented", statuses: [401, 403] },
  },
  {
    vendor: "public",
    why: "The link that webhooks carry is in no document; it was seen in real requests",
    source: "facts/cloudtalk.md §1.5",
    amendment: { kind: "undocumented", statuses: [200, 404] },
  },
];

const ghl: Quirk[] = [
  {
    vendor: "ghl",
    why: "Answers carry a traceId, errors an error name; more than the document says",
    source: "facts/ghl.md §6",
    amendment: { kind: "extra", properties: ["traceId", "error"] },
  },
  {
    vendor: "ghl",
    why: "A token for another location, unknown ids and used-up limits are answered but not documented",
    source: "facts/ghl.md §6",
    amendment: { kind: "undocumented", statuses: [403, 404, 422, 429] },
  },
  {
    vendor: "ghl",
    operations: ["contacts.search", "contacts.duplicate", "messages.attach"],
    why: "The document leaves the body of a success open",
    source: "facts/ghl.md §3.1, §3.3",
    amendment: { kind: "undocumented", statuses: [200] },
  },
  {
    vendor: "ghl",
    operations: ["contacts.create"],
    why: "A duplicate names the contact it collides with; a created contact shows its name too",
    source: "facts/ghl.md §3.1",
    amendment: { kind: "extra", properties: ["meta", "contact.name", "contact.timezone"] },
  },
  {
    vendor: "ghl",
    operations: ["conversations.create"],
    why: "One conversation per contact: the refusal names the one that exists",
    source: "facts/ghl.md §3.3",
    amendment: { kind: "extra", properties: ["conversationId"] },
  },
  {
    vendor: "ghl",
    operations: ["messages.list"],
    why: "The real answer is nested one level deeper",
    source: "facts/ghl.md §3.3 (#54)",
    amendment: { kind: "unwrap", property: "messages" },
  },
  {
    vendor: "ghl",
    operations: ["messages.get"],
    why: "The real answer is nested under message",
    source: "facts/ghl.md §3.3 (#258)",
    amendment: { kind: "unwrap", property: "message" },
  },
  {
    vendor: "ghl",
    operations: ["messages.list", "messages.get"],
    why: "Call data stand in meta.call, not in meta.callStatus",
    source: "facts/ghl.md §3.3 (#258)",
    amendment: { kind: "extra", properties: ["meta.call"] },
  },
  {
    vendor: "ghl",
    operations: ["messages.list"],
    why: "Messages in a list carry the altId they were written with since 2025-06",
    source: "highlevel-api-docs issue #38 (staff comment 2025-06-24)",
    amendment: { kind: "extra", properties: ["altId"] },
  },
  {
    vendor: "ghl",
    operations: ["messages.inbound", "messages.outbound"],
    why: "A missing provider id is a 201 without body, a wrong one a 500",
    source: "facts/ghl.md §3.3 (#70, #6)",
    amendment: { kind: "undocumented", statuses: [201, 500] },
  },
  {
    vendor: "ghl",
    operations: ["opportunities.pipelines"],
    why: "Stages are objects with id, name and position",
    source: "facts/ghl.md §3.4",
    amendment: { kind: "reshaped", properties: ["stages"] },
  },
  {
    vendor: "ghl",
    operations: ["opportunities.create"],
    why: "A second open opportunity in a pipeline is refused with a code",
    source: "facts/ghl.md §3.4",
    amendment: { kind: "extra", properties: ["code"] },
  },
  {
    vendor: "ghl",
    operations: ["callLog.trigger"],
    why: "The inbound-webhook trigger belongs to workflows and is in no document",
    source: "facts/ghl.md §3.3",
    amendment: { kind: "undocumented", statuses: [200, 404] },
  },
];

const openai: Quirk[] = [
  {
    vendor: "openai",
    operations: ["audio.transcriptions"],
    why: "verbose_json names its task, as the official example shows and the schema does not",
    source: "facts/openai.md §1.1",
    amendment: { kind: "extra", properties: ["task"] },
  },
  {
    vendor: "openai",
    why: "Errors are described once in the document and not per operation",
    source: "facts/openai.md §2",
    amendment: { kind: "undocumented", statuses: [400, 401, 404, 413] },
  },
];

/** Every deviation of the twin from the vendors' OpenAPI documents; the contract test allows no other. */
export const quirks: Quirk[] = [...cloudtalk, ...otherHosts, ...ghl, ...openai];
