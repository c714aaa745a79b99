import { randomUUID, sign } from "node:crypto";
import { ghlSigningKey } from "./credentials.ts";
import { fullName } from "./ghl-contact-view.ts";
import type { GhlContact, GhlOpportunity } from "./ghl-state.ts";
import { asRecord } from "./route.ts";
import { post, postRaw, type Sent } from "./webhook-post.ts";
import { iso, type World } from "./world.ts";

/** Endpoints of GHL's workflow "Webhook" action. */
export const ghlWorkflowKinds = [
  "new-contact",
  "new-tag",
  "new-note",
  "pipeline-stage-changed",
  "opportunity-status-changed",
] as const;
export type GhlWorkflowKind = (typeof ghlWorkflowKinds)[number];

/**
 * The workflow action's standard data (facts/ghl.md §5.2): flat, unsigned; the root is the lead and `user` the staff;
 * tags are one string; the stage is only a name, under a misspelt key. `extra` is laid over it, e.g. `customData`.
 */
export function sendGhlWorkflow(
  world: World,
  kind: GhlWorkflowKind,
  contactId: string,
  extra: Record<string, unknown> = {},
): Promise<Sent> {
  const secret = world.settings.ghlWebhookSecret ?? world.settings.webhookSecret;
  const payload = { ...workflowBody(world, kind, contactId), ...extra };
  return post(world, `/api/ghl-webhooks/${kind}`, payload, { authorization: `Bearer ${secret}` });
}

function workflowBody(world: World, kind: GhlWorkflowKind, contactId: string): Record<string, unknown> {
  const { ghl } = world.state;
  const contact = ghl.contacts.get(contactId);
  const user = ghl.users.get(contact?.assignedTo ?? "") ?? [...ghl.users.values()][0];
  const fields = (contact?.customFields ?? []).map(({ id, value }) => [ghl.customFields.get(id)?.name ?? id, value]);
  return {
    contact_id: contactId,
    ...(contact === undefined ? {} : leadOf(contact)),
    location: { id: world.credentials.ghlLocationId, name: "Brightway Internet", country: "US", fullAddress: "" },
    ...(user && {
      user: { firstName: user.firstName, lastName: user.lastName, email: user.email, phone: user.phone, extension: "" },
    }),
    workflow: { id: "TwinWorkflow00000001", name: `${kind} → Callbridge` },
    triggerData: {},
    contact: { attributionSource: {}, lastAttributionSource: {} },
    attributionSource: {},
    customData: {},
    ...Object.fromEntries(fields),
    ...opportunityBody(world, kind, contactId),
  };
}

const leadOf = (contact: GhlContact): Record<string, unknown> => ({
  first_name: contact.firstName ?? "",
  last_name: contact.lastName ?? "",
  full_name: fullName(contact),
  email: contact.email ?? "",
  phone: contact.phone ?? "",
  tags: contact.tags.join(","),
  country: contact.details.country ?? "US",
  date_created: iso(contact.dateAdded),
  contact_source: contact.details.source ?? "",
  contact_type: contact.type,
  company_name: contact.companyName ?? "",
});

function opportunityBody(world: World, kind: GhlWorkflowKind, contactId: string): Record<string, unknown> {
  if (kind !== "pipeline-stage-changed" && kind !== "opportunity-status-changed") return {};
  const { ghl } = world.state;
  const one = [...ghl.opportunities.values()].findLast((opportunity) => opportunity.contactId === contactId);
  if (one === undefined) return {};
  const pipeline = ghl.pipelines.find(({ id }) => id === one.pipelineId);
  const owner = ghl.users.get(one.assignedTo ?? "");
  return {
    id: one.id,
    opportunity_name: one.name,
    status: one.status,
    lead_value: one.monetaryValue,
    opportunity_source: one.source ?? "",
    source: one.source ?? "",
    pipleline_stage: pipeline?.stages.find(({ id }) => id === one.pipelineStageId)?.name ?? "",
    pipeline_id: one.pipelineId,
    pipeline_name: pipeline?.name ?? "",
    owner: owner === undefined ? "" : `${owner.firstName} ${owner.lastName}`,
  };
}

/** A Marketplace-app event: camelCase, typed, signed with Ed25519 over the raw body (facts/ghl.md §4). */
export function sendGhlApp(
  world: World,
  type: string,
  fields: Record<string, unknown>,
  webhookId: string = randomUUID(),
): Promise<Sent> {
  const payload = {
    type,
    locationId: world.credentials.ghlLocationId,
    ...fields,
    timestamp: iso(world.now()),
    webhookId,
    appId: "TwinApp0000000000001",
    versionId: "TwinApp0000000000001",
  };
  const raw = JSON.stringify(payload);
  return postRaw(world, "/api/ghl-webhooks", payload, raw, {
    "x-ghl-signature": sign(null, Buffer.from(raw), ghlSigningKey()).toString("base64"),
  });
}

/** The fields of an app event about what the twin holds: `Contact…` by contact id, `Note…`, `Opportunity…` by theirs. */
export function appFields(world: World, type: string, id: string): Record<string, unknown> {
  const { contacts, notes, opportunities } = world.state.ghl;
  const note = notes.get(id);
  if (type.startsWith("Note") && note !== undefined) {
    return { id, body: note.body, contactId: note.contactId, dateAdded: iso(note.dateAdded) };
  }
  const opportunity = opportunities.get(id);
  if (type.startsWith("Opportunity") && opportunity !== undefined) return opportunityFields(opportunity);
  const contact = contacts.get(id);
  if (!type.startsWith("Contact") || contact === undefined) return { id };
  return {
    id,
    firstName: contact.firstName,
    lastName: contact.lastName,
    name: fullName(contact),
    email: contact.email,
    phone: contact.phone,
    companyName: contact.companyName,
    ...asRecord(contact.details),
    tags: contact.tags,
    dateAdded: iso(contact.dateAdded),
    assignedTo: contact.assignedTo,
    dnd: contact.dnd,
    attachments: [],
    customFields: contact.customFields,
  };
}

const opportunityFields = (one: GhlOpportunity): Record<string, unknown> => ({
  id: one.id,
  assignedTo: one.assignedTo,
  contactId: one.contactId,
  monetaryValue: one.monetaryValue,
  name: one.name,
  pipelineId: one.pipelineId,
  pipelineStageId: one.pipelineStageId,
  source: one.source,
  status: one.status,
  dateAdded: iso(one.createdAt),
});
