import { randomUUID } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { phoneNumber } from "./cloudtalk-answer.ts";
import { publicRecordingUrl } from "./cloudtalk-calls.ts";
import type { CloudTalkCall } from "./cloudtalk-state.ts";
import { post, postRaw, type Sent } from "./webhook-post.ts";
import { iso, type World } from "./world.ts";

/** Endpoints of CloudTalk's workflow automations; one URL per event, because the bodies carry no event name. */
export const cloudtalkEvents = [
  "call-started",
  "call-answered",
  "call-ended",
  "call-recording-ready",
  "transcription-ready",
  "call-modified",
  "new-tag",
  "new-note",
  "contact-updated",
  "agent-status-changed",
] as const;
export type CloudTalkEvent = (typeof cloudtalkEvents)[number];

/** Which of the two ids of a call a body carries: the customer's template decides. */
export type CallIds = "uuid" | "id" | "both";

/** `captured` is what really arrived (fixtures/webhooks); `rich` is what a careful operator would map. */
export type Template = "captured" | "rich";

/** An "API Request" of a workflow automation: unsigned, one static header, one flat object (facts/cloudtalk.md §2A). */
export const sendAutomation = (world: World, event: CloudTalkEvent, payload: unknown): Promise<Sent> =>
  post(world, `/api/cloudtalk-webhooks/${event}`, payload, {
    "user-agent": "cloudtalk-workflow-automation",
    accept: "application/json, text/plain, */*",
    authorization: `Bearer ${world.settings.webhookSecret}`,
  });

const idsOf = (call: CloudTalkCall, ids: CallIds): Record<string, unknown> => ({
  ...(ids === "id" ? {} : { call_uuid: call.uuid }),
  ...(ids === "uuid" ? {} : { call_id: Number(call.id) }),
});

/** The body of a call's automation, as captured: numbers without plus, null for what is not known. */
export function automationBody(
  world: World,
  event: CloudTalkEvent,
  call: CloudTalkCall,
  ids: CallIds,
  template: Template,
): unknown {
  const { agents, contacts } = world.state.cloudtalk;
  const agent = agents.get(call.agentId ?? "");
  const contact = contacts.get(call.contactId ?? "");
  const internal_number = phoneNumber(call.internal);
  const external_number = phoneNumber(call.external);
  const agent_id = call.agentId === null ? null : Number(call.agentId);
  const contact_id = call.contactId === null ? null : Number(call.contactId);
  const names = { agent_first_name: agent?.firstname ?? null, agent_last_name: agent?.lastname ?? null };
  const over = event !== "call-started" && event !== "call-answered";
  const rich =
    template === "captured"
      ? {}
      : {
          direction: call.direction,
          started_at: iso(call.startedAt),
          ...(over && call.answeredAt !== null ? { answered_at: iso(call.answeredAt) } : {}),
          ...(over && call.endedAt !== null ? { ended_at: iso(call.endedAt) } : {}),
          ...names,
        };
  switch (event) {
    case "call-started":
      return {
        ...idsOf(call, "uuid"),
        internal_number,
        external_number,
        contact_name: contact?.name ?? "",
        agent_id,
        ...names,
        ...rich,
      };
    case "call-answered":
      return { ...idsOf(call, "uuid"), internal_number, external_number, contact_id, agent_id, ...rich };
    case "call-recording-ready":
      return {
        ...idsOf(call, ids),
        recording_url: publicRecordingUrl(world, call.id),
        internal_number,
        external_number,
        ...rich,
      };
    case "transcription-ready":
      return {
        transcript: "[object Object]",
        ...idsOf(call, ids),
        talking_time: call.talkingSeconds,
        recording_url: publicRecordingUrl(world, call.id),
      };
    case "agent-status-changed":
      return { id: agent_id, status: agent?.availability ?? null };
    case "call-modified":
    case "new-tag":
    case "new-note":
      return {
        ...idsOf(call, ids),
        internal_number,
        external_number,
        agent_id,
        ...(event === "new-note"
          ? { note: call.notes.at(-1)?.note ?? "" }
          : { tag_name: call.tags.at(-1)?.name ?? "" }),
      };
    default: {
      const attempts = contact?.attributes.find(({ attributeId }) => attributeId === "10135")?.value;
      const times =
        template === "captured"
          ? {}
          : {
              talking_time: call.talkingSeconds,
              waiting_time: call.waitingSeconds,
              is_voicemail: call.outcome === "voicemail",
            };
      return {
        ...idsOf(call, ids),
        internal_number,
        contact_id,
        agent_id,
        external_number,
        "# di tentativi di chiamata": attempts === undefined ? null : Number(attempts),
        ...times,
        ...rich,
      };
    }
  }
}

/** Signed the way Svix does it; the delivery id differs from the event id (facts/cloudtalk.md §2B). */
export async function sendNative(
  world: World,
  type: string,
  data: unknown,
  deliveryId = `msg_${randomUUID()}`,
): Promise<Sent> {
  const now = world.now();
  const payload = {
    event_id: `evt_${deliveryId.slice(4)}`,
    type,
    version: "v1",
    occurred_at: iso(now),
    company_id: String(world.state.cloudtalk.companyId),
    data,
  };
  const raw = JSON.stringify(payload);
  return postRaw(world, "/api/cloudtalk-webhooks", payload, raw, {
    "svix-id": deliveryId,
    "svix-timestamp": String(Math.floor(now.getTime() / 1000)),
    "svix-signature": new Webhook(world.credentials.svixSecret).sign(deliveryId, now, raw),
    "user-agent": "Svix-Webhooks/1.24.0",
  });
}

/** Native data of a call's event; recording and transcript events carry no numbers. */
export function nativeData(type: string, call: CloudTalkCall): unknown {
  if (type === "call.recording_ready") return { call_uuid: call.uuid };
  if (type === "transcript.ready") return { call_uuid: call.uuid, language: "en" };
  if (type === "cidata.ready") {
    return {
      call_uuid: call.uuid,
      summary: { summary: "Slow internet; a technician visit was booked." },
      language: "en",
    };
  }
  const parties = {
    call_uuid: call.uuid,
    direction: call.direction,
    ...(call.external === null ? { caller_id_status: "withheld" } : { external_number: call.external }),
    internal_number: { number_e164: call.internal },
    started_at: iso(call.startedAt),
  };
  // The numeric id exists only once the call has ended.
  if (type !== "call.ended" && type !== "call.modified") return parties;
  return {
    ...parties,
    call_id: call.id,
    ended_at: call.endedAt === null ? null : iso(call.endedAt),
    duration: call.talkingSeconds + call.waitingSeconds,
    talking_time: call.talkingSeconds,
    waiting_time: call.waitingSeconds,
    is_voicemail: call.outcome === "voicemail",
  };
}
