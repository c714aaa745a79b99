import { phoneNumber } from "./cloudtalk-answer.ts";
import { sendAutomation } from "./cloudtalk-webhooks.ts";
import { appFields, type GhlWorkflowKind, sendGhlApp, sendGhlWorkflow } from "./ghl-webhooks.ts";
import type { LateWork } from "./late-work.ts";
import type { TwinSettings } from "./settings.ts";
import type { Change, World } from "./world.ts";

/** Which webhooks report a change. */
export type Reports = TwinSettings["echoWrites"];

/** The vendors report their API users' own writes too, and say nothing about who made them (facts/ghl.md §0 item 16). */
export function echo(world: World, late: LateWork, change: Change, echoWrites: Reports): void {
  if (echoWrites === "off") return;
  if (change.kind === "cloudtalk-contact") {
    if (echoWrites !== "app") late.track(echoCloudTalk(world, change.contactId));
    return;
  }
  if (echoWrites !== "app") {
    const workflow = workflowOf(change);
    const contactId =
      change.kind === "ghl-opportunity"
        ? world.state.ghl.opportunities.get(change.opportunityId)?.contactId
        : change.contactId;
    if (workflow !== undefined && contactId !== undefined) late.track(sendGhlWorkflow(world, workflow, contactId));
  }
  if (echoWrites !== "workflow") {
    for (const [type, id] of appEventsOf(change)) late.track(sendGhlApp(world, type, appFields(world, type, id)));
  }
}

function echoCloudTalk(world: World, contactId: string): Promise<unknown> {
  const contact = world.state.cloudtalk.contacts.get(contactId);
  return sendAutomation(world, "contact-updated", {
    contact_id: Number(contactId),
    contact_name: contact?.name ?? null,
    contact_phone: phoneNumber(contact?.numbers[0] ?? null),
  });
}

/** Which workflow triggers fire: neither updates of a contact nor deleted notes have one in use here. */
function workflowOf(change: Exclude<Change, { kind: "cloudtalk-contact" }>): GhlWorkflowKind | undefined {
  const key = `${change.kind}/${change.action}`;
  const kinds: Record<string, GhlWorkflowKind> = {
    "ghl-contact/create": "new-contact",
    "ghl-contact/tags": "new-tag",
    "ghl-note/create": "new-note",
    "ghl-note/update": "new-note",
    "ghl-opportunity/stage": "pipeline-stage-changed",
    "ghl-opportunity/status": "opportunity-status-changed",
  };
  return kinds[key];
}

/** One change may fire several events (#27). */
function appEventsOf(change: Exclude<Change, { kind: "cloudtalk-contact" }>): [type: string, id: string][] {
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
