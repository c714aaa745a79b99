import { randomUUID } from "node:crypto";
import { phoneNumber } from "./cloudtalk-answer.ts";
import { automationBody, sendAutomation } from "./cloudtalk-webhooks.ts";
import { appFields, type GhlWorkflowKind, sendGhlApp, sendGhlWorkflow } from "./ghl-webhooks.ts";
import type { LateWork } from "./late-work.ts";
import type { TwinSettings } from "./settings.ts";
import type { Change, World } from "./world.ts";

/** Which webhooks report a change. */
export type Reports = TwinSettings["echoWrites"];
type GhlChange = Extract<Change, { kind: "ghl-contact" | "ghl-note" | "ghl-opportunity" }>;
type CloudTalkChange = Exclude<Change, GhlChange>;
type Send = () => Promise<unknown>;

/**
 * The vendors report their API users' own writes too, and say nothing about who made them (facts/ghl.md §0 item 16).
 * Each webhook goes out once and `duplicates` times more, with the same delivery id.
 */
export function echo(world: World, late: LateWork, change: Change, reports: Reports, duplicates = 0): void {
  if (reports === "off") return;
  const sends: Send[] = [];
  if (change.kind === "cloudtalk-contact" || change.kind === "cloudtalk-call") {
    if (reports !== "app") sends.push(automationOf(world, change));
  } else {
    if (reports !== "app") sends.push(...workflowsOf(world, change));
    if (reports !== "workflow") sends.push(...appEventsOf(world, change));
  }
  for (const send of sends) {
    for (let time = 0; time <= duplicates; time++) late.track(send());
  }
}

/** What a careful operator's automation sends: its author writes the event's name into it (facts/cloudtalk.md §2A). */
function automationOf(world: World, change: CloudTalkChange): Send {
  const { contacts, calls } = world.state.cloudtalk;
  if (change.kind === "cloudtalk-call") {
    const call = calls.get(change.callId);
    const event = change.action === "note" ? "new-note" : "new-tag";
    return () =>
      call ? sendAutomation(world, event, automationBody(world, event, call, "both", "captured")) : Promise.resolve();
  }
  const contact = contacts.get(change.contactId);
  const types = { create: "contact.created", update: "contact.updated", delete: "contact.deleted" };
  const body = {
    event_type: types[change.action],
    contact_id: Number(change.contactId),
    contact_name: contact?.name ?? null,
    contact_phone: phoneNumber(contact?.numbers[0] ?? null),
    contact_email: contact?.emails[0] ?? null,
  };
  return () => sendAutomation(world, "contact-updated", body);
}

/** Which workflow triggers fire: neither updates of a contact nor deleted notes have one in use here. */
function workflowsOf(world: World, change: GhlChange): Send[] {
  const kinds: Record<string, GhlWorkflowKind> = {
    "ghl-contact/create": "new-contact",
    "ghl-contact/tags": "new-tag",
    "ghl-note/create": "new-note",
    "ghl-note/update": "new-note",
    "ghl-opportunity/stage": "pipeline-stage-changed",
    "ghl-opportunity/status": "opportunity-status-changed",
  };
  const kind = kinds[`${change.kind}/${change.action}`];
  const contactId =
    change.kind === "ghl-opportunity"
      ? world.state.ghl.opportunities.get(change.opportunityId)?.contactId
      : change.contactId;
  return kind === undefined || contactId === undefined ? [] : [() => sendGhlWorkflow(world, kind, contactId)];
}

function appEventsOf(world: World, change: GhlChange): Send[] {
  return appEventNames(change).map(([type, id]) => {
    const [fields, webhookId] = [appFields(world, type, id), randomUUID()];
    return () => sendGhlApp(world, type, fields, webhookId);
  });
}

/** One change may fire several events (#27). */
function appEventNames(change: GhlChange): [type: string, id: string][] {
  switch (change.kind) {
    case "ghl-contact": {
      const types = {
        create: "ContactCreate",
        update: "ContactUpdate",
        tags: "ContactTagUpdate",
        delete: "ContactDelete",
      };
      return [[types[change.action], change.contactId]];
    }
    case "ghl-note": {
      const types = { create: "NoteCreate", update: "NoteUpdate", delete: "NoteDelete" };
      return [[types[change.action], change.noteId]];
    }
    case "ghl-opportunity": {
      const update: [string, string] = ["OpportunityUpdate", change.opportunityId];
      const more = { create: "OpportunityCreate", stage: "OpportunityStageUpdate", status: "OpportunityStatusUpdate" };
      return change.action === "update" ? [update] : [[more[change.action], change.opportunityId], update];
    }
  }
}
