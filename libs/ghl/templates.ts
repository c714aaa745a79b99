import { type EventType, secretPlaceholder, type WebhookTemplate } from "@callbridge/events";

/*
 * GHL can send a webhook in two ways (facts/ghl.md §5), and every endpoint takes both:
 *
 * "Custom Webhook" pastes values into the text of a body as they are, so one quote or line break makes it no JSON any
 * more. It is tried again when we cannot be reached. Its bodies hold ids and fixed words only: what people type is read
 * from GHL, and the body cannot break.
 *
 * "Webhook" writes its own JSON, which nothing breaks, and sends it once: what is missed then is found by reconciliation.
 */

type Given = {
  endpoint: string;
  trigger: string;
  event: EventType;
  custom: Record<string, string>;
  /** Of the custom body, where the standard one makes something else. */
  customEvent?: EventType;
  customData?: Record<string, string>;
  needsOneOf?: string[];
  besides?: string[];
  /** Of the custom body alone. */
  customBesides?: string[];
};

const workflow = [
  "Settings → Allow Re-entry: on. Otherwise it never fires twice for the same contact.",
  "Trigger and webhook action, nothing else: a contact that still waits inside is skipped. One workflow per endpoint.",
  "Publish it.",
];
const location = { locationId: "{{location.id}}" };
const contact = { contactId: "{{contact.id}}" };

function both({ endpoint, trigger, needsOneOf = ["contactId"], ...given }: Given): WebhookTemplate[] {
  const common = {
    ...{ endpoint, trigger, path: `/api/ghl-webhooks/${endpoint}`, method: "POST" as const },
    header: `Authorization: Bearer ${secretPlaceholder}`,
    besides: [...(given.besides ?? []), ...workflow],
  };
  return [
    {
      ...common,
      action: "Custom Webhook",
      bodyGoesTo: "the action's own body, content type application/json",
      body: { event: endpoint, ...location, ...given.custom },
      needsOneOf,
      event: given.customEvent ?? given.event,
      besides: [...(given.customBesides ?? []), ...common.besides],
    },
    {
      ...common,
      action: "Webhook",
      bodyGoesTo: "Custom Data, one line each; GHL adds everything else",
      body: { event: endpoint, ...given.customData },
      needsOneOf: [],
      event: given.event,
    },
  ];
}

const opportunity = {
  opportunityId: "{{opportunity.id}}",
  ...contact,
  pipelineId: "{{opportunity.pipeline_id}}",
};

/** The workflows to set up in GHL: for each endpoint the Custom Webhook, then the standard Webhook. */
export const ghlTemplates: WebhookTemplate[] = [
  ...both({
    endpoint: "new-contact",
    trigger: "Contact Created",
    event: "contact.reported",
    custom: { ...contact, phone: "{{contact.phone}}", email: "{{contact.email}}" },
    needsOneOf: ["contactId", "phone"],
    besides: ["Also fires for contacts that Callbridge creates, which are recognised. It does not fire for imports."],
  }),
  ...both({
    endpoint: "new-tag",
    trigger: "Contact Tag",
    event: "contact.tags_reported",
    custom: contact,
    customEvent: "contact.reported",
    besides: [
      "GHL does not say which tag came or went. A workflow for one tag (filter on the trigger) may say it: add tag with " +
        "its name, and action with added or removed.",
    ],
  }),
  ...both({
    endpoint: "new-note",
    trigger: "Note Added",
    event: "note.added",
    custom: contact,
    customData: { note_body: "{{note.body}}" },
    besides: ["Set it up a second time for Note Changed, with action: updated."],
    customBesides: ["Leave the note's text out: one quote in it, and the body is no JSON. It is read from GHL."],
  }),
  ...both({
    endpoint: "pipeline-stage-changed",
    trigger: "Pipeline Stage Changed",
    event: "opportunity.stage_changed",
    custom: { ...opportunity, pipelineStageId: "{{opportunity.pipeline_stage_id}}" },
    needsOneOf: ["opportunityId"],
    customBesides: ["The stage's name is left out, because names may hold quotes; it is known by its id."],
  }),
  ...both({
    endpoint: "opportunity-status-changed",
    trigger: "Opportunity Status Changed",
    event: "opportunity.status_changed",
    custom: { ...opportunity, status: "{{opportunity.status}}" },
    needsOneOf: ["opportunityId"],
  }),
];
