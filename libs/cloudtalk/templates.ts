import { secretPlaceholder, type WebhookTemplate } from "@callbridge/events";

/*
 * CloudTalk's action "API Request" sends a list of keys and values as one flat JSON object (facts/cloudtalk.md §2A). It
 * signs nothing and names no event, so every body names its own. Values keep their JSON type: numbers come without "+",
 * what is absent comes as null or "", and objects as the words `[object Object]`.
 */

const property = (name: string) => `{{ event.properties.${name} }}`;
const properties = (...names: string[]) => Object.fromEntries(names.map((name) => [name, property(name)]));

/** Both ids, always: with only one of them, the other has to be looked for in the call history. */
const ids = properties("call_id", "call_uuid");
const parties = properties("direction", "external_number", "internal_number");
const agent = properties("agent_id", "agent_first_name", "agent_last_name");
/** Older builders offer `contact_id`, newer ones a list of contacts. The one that is not there stays empty. */
const contact = {
  contact_id: property("contact_id"),
  cloudtalk_contact_id: property("contacts[0].id"),
  contact_name: property("contacts[0].name"),
};
/** Two names for one list, for the same reason. */
const tags = properties("tags", "call_tags");

type Given = Pick<WebhookTemplate, "endpoint" | "trigger" | "event" | "body"> & Partial<WebhookTemplate>;

const template = (given: Given): WebhookTemplate => ({
  path: `/api/cloudtalk-webhooks/${given.endpoint}`,
  method: "POST",
  action: "API Request",
  header: `Authorization: Bearer ${secretPlaceholder}`,
  bodyGoesTo: "the list of keys and values, one line each",
  needsOneOf: Object.keys(ids),
  besides: [],
  ...given,
});

const filter = (what: string) =>
  `CloudTalk has no trigger for ${what} alone: the same one also fires for other changes of the call, which are kept as call.modified.`;

/** The automations to set up in CloudTalk, in the order of their use. */
export const cloudTalkTemplates: WebhookTemplate[] = [
  template({
    endpoint: "call-ended",
    trigger: "Call → Ended",
    event: "call.ended",
    body: {
      ...{ event_type: "call.ended", ...ids, ...parties, ...agent, ...contact },
      ...properties("started_at", "answered_at", "ended_at", "waiting_time", "talking_time", "is_voicemail"),
      ...properties("recording_url", "notes"),
      ...tags,
    },
    besides: ["Fires after hang-up and wrap-up. Without it a call is found only by the sweep, up to 15 minutes later."],
  }),
  template({
    endpoint: "call-recording-ready",
    trigger: "Recording → Uploaded",
    event: "call.recording_ready",
    body: { event_type: "call.recording_ready", ...ids, ...properties("recording_url"), ...parties },
    besides: ["May come before Call → Ended; the order does not matter."],
  }),
  template({
    endpoint: "call-started",
    trigger: "Call → Started",
    event: "call.started",
    body: { event_type: "call.started", ...ids, ...parties, ...agent, ...contact, ...properties("started_at") },
    besides: ["The numeric id exists only after the call, so call_id is empty here."],
  }),
  template({
    endpoint: "call-answered",
    trigger: "Call → Answered",
    event: "call.answered",
    body: {
      ...{ event_type: "call.answered", ...ids, ...parties, ...agent, ...contact },
      ...properties("started_at", "answered_at", "waiting_time"),
    },
  }),
  template({
    endpoint: "call-modified",
    trigger: "Call → Modified",
    event: "call.modified",
    body: { event_type: "call.modified", ...ids, ...parties, ...agent, ...contact, ...tags, ...properties("notes") },
    besides: ["Brings tags and notes at once, and makes new-tag and new-note unnecessary."],
  }),
  template({
    endpoint: "new-tag",
    trigger: "Call → Modified",
    event: "call.tagged",
    body: { event_type: "new-tag", ...ids, ...contact, ...tags },
    besides: [filter("tags")],
  }),
  template({
    endpoint: "new-note",
    trigger: "Call → Modified",
    event: "call.noted",
    body: { event_type: "new-note", ...ids, ...agent, ...contact, ...properties("notes") },
    besides: [filter("notes")],
  }),
  template({
    endpoint: "contact-updated",
    trigger: "Contact → Updated",
    event: "contact.reported",
    body: {
      event_type: "contact.updated",
      ...properties("contact_id", "id"),
      cloudtalk_contact_id: property("contacts[0].id"),
    },
    needsOneOf: ["contact_id", "id", "cloudtalk_contact_id"],
    besides: [
      "Set it up three times: with contact.created for Contact → Created, with contact.deleted for Contact → Deleted.",
      "The id is enough: the contact itself is read from CloudTalk.",
    ],
  }),
  template({
    endpoint: "agent-status-changed",
    trigger: "User → Status Changed",
    event: "agent.status_changed",
    body: { event_type: "agent.status_changed", agent_id: property("id"), status: property("status") },
    needsOneOf: ["agent_id"],
    besides: ["status must have a value too."],
  }),
  template({
    endpoint: "transcription-ready",
    trigger: "Transcription → Created",
    event: "call.transcript_ready",
    body: { event_type: "call.transcript_ready", ...ids, ...properties("recording_url", "talking_time") },
    besides: ["The transcript's text is left out: CloudTalk sends it as the words [object Object]."],
  }),
];
