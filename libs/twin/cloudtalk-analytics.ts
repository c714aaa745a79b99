import type { CloudTalkCall } from "./cloudtalk-state.ts";
import { type Answer, ok, type Route } from "./route.ts";
import { after, iso, type World } from "./world.ts";

/** `GET /calls/{id}` of the analytics host: the one answer that carries both ids of a call (facts/cloudtalk.md §1.5). */
export function analyticsRoutes(world: World): Route[] {
  return [
    {
      vendor: "analytics",
      operation: "analytics.call",
      method: "GET",
      path: "/calls/:id",
      handle: ({ params }) => callFlow(world, params.id ?? ""),
    },
  ];
}

/** 404 until the call has ended and `analyticsReadyMs` have passed; a uuid is refused as not a number. */
function callFlow(world: World, id: string): Answer {
  if (!/^\d+$/.test(id)) {
    const message = ["callId must be a number conforming to the specified constraints"];
    return { status: 400, body: { statusCode: 400, message, error: "Bad Request" } };
  }
  const call = world.state.cloudtalk.calls.get(id);
  const readyAt = call?.endedAt ? after(call.endedAt, world.settings.analyticsReadyMs) : null;
  if (call === undefined || readyAt === null || readyAt > world.now()) {
    const message = `Call with id '${id}' doesn't exist on company '${world.state.cloudtalk.companyId}'`;
    return { status: 404, body: { statusCode: 404, message, error: "Not Found" } };
  }
  return ok(flowOf(world, call));
}

function flowOf(world: World, call: CloudTalkCall): unknown {
  const { agents, contacts, companyId } = world.state.cloudtalk;
  const contact = contacts.get(call.contactId ?? "");
  const agent = agents.get(call.agentId ?? "");
  const answered = call.outcome === "answered";
  const times = {
    talking_time: call.talkingSeconds,
    wrap_up_time: call.wrapUpSeconds,
    ringing_time: call.waitingSeconds,
    total_time: call.talkingSeconds + call.waitingSeconds + call.wrapUpSeconds,
    waiting_time: call.waitingSeconds,
    holding_time: 0,
  };
  const agentStep = {
    type: "agent",
    id: agent === undefined ? null : Number(agent.id),
    name: agent === undefined ? null : `${agent.firstname} ${agent.lastname}`,
    date: iso(call.startedAt),
    call_id: Number(call.id),
    call_times: times,
    group_ids: [568],
    status: answered ? "answered" : "missed",
    // The document's enum for a missed step; an answered one has no reason.
    ...(answered ? {} : { reason: "not_picked_up" }),
  };
  const voicemail = { type: "voicemail", status: "SUCCESS", total_time: call.talkingSeconds };
  return {
    cdr_id: Number(call.id),
    uuid: call.uuid,
    company_id: companyId,
    date: iso(call.startedAt),
    contact: {
      id: contact === undefined ? null : Number(contact.id),
      name: contact?.name ?? null,
      country: null,
      number: call.external ?? "anonymous",
    },
    call_tags: call.tags.map(({ id, name }) => ({ id: Number(id), label: name })),
    call_rating: null,
    internal_number: { id: 12345, name: "Main line", number: call.internal },
    call_times: times,
    direction: call.direction,
    type: "regular",
    status: answered ? "answered" : "missed",
    call_steps: call.outcome === "voicemail" ? [agentStep, voicemail] : [agentStep],
    notes: call.notes.map(({ note }) => note),
    recorded: call.recording !== null,
    out_of_office: false,
  };
}
