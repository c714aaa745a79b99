import { createHash } from "node:crypto";
import { z } from "zod";
import { done, envelope, escaped, invalid, notFound, page, phoneNumber } from "./cloudtalk-answer.ts";
import type { CloudTalkAgent, CloudTalkCall } from "./cloudtalk-state.ts";
import type { Answer, Route, TwinRequest } from "./route.ts";
import { iso, type World } from "./world.ts";

/** Call history, recordings and click-to-call (facts/cloudtalk.md §1.5). */
export function cloudtalkCallRoutes(world: World): Route[] {
  return [
    {
      vendor: "cloudtalk",
      operation: "calls.index",
      method: "GET",
      path: "/calls/index.json",
      handle: ({ query }) => page(history(world, query), query, (call) => callRow(world, call)),
    },
    {
      vendor: "cloudtalk",
      operation: "calls.recording",
      method: "GET",
      path: "/calls/recording/:file",
      handle: ({ params }) => recordingOf(world, world.state.cloudtalk.calls.get(jsonName(params.file))),
    },
    {
      vendor: "cloudtalk",
      operation: "calls.create",
      method: "POST",
      path: "/calls/create.json",
      handle: (request) => dial(world, request),
    },
    {
      vendor: "public",
      operation: "recording.public",
      method: "GET",
      path: "/r/:call/:hash",
      handle: ({ params }) => publicRecording(world, params),
    },
  ];
}

/** `123.json` → `123`. */
export const jsonName = (file: string | undefined): string => (file ?? "").replace(/\.json$/, "");

/** Newest first: the vendor documents no order. Unknown parameters are ignored without a word, like at the vendor. */
function history(world: World, query: Record<string, string>): CloudTalkCall[] {
  const { calls, agents } = world.state.cloudtalk;
  const digits = (text: string) => text.replace(/\D/g, "");
  const from = moment(query.date_from, world.settings.historyOffsetMinutes);
  const to = moment(query.date_to, world.settings.historyOffsetMinutes);
  const keep = (call: CloudTalkCall): boolean =>
    (query.call_id === undefined || call.id === query.call_id) &&
    (query.public_external === undefined || digits(call.external ?? "") === digits(query.public_external)) &&
    (query.public_internal === undefined || digits(call.internal) === digits(query.public_internal)) &&
    (query.contact_id === undefined || call.contactId === query.contact_id) &&
    (query.user_id === undefined || call.agentId === query.user_id) &&
    (query.agent_extension === undefined || agents.get(call.agentId ?? "")?.extension === query.agent_extension) &&
    (query.type === undefined || call.direction === query.type) &&
    (query.status === undefined || (call.outcome === "answered" ? "answered" : "missed") === query.status) &&
    (query.tag_id === undefined || call.tags.some((tag) => tag.id === query.tag_id)) &&
    (from === undefined || call.startedAt >= from) &&
    (to === undefined || call.startedAt <= to);
  const one = calls.get(query.call_id ?? "");
  return (one === undefined ? [...calls.values()] : [one])
    .filter(keep)
    .sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
}

/** `2017-12-24 12:22:00` without a zone is in the company's, see `historyOffsetMinutes`. */
function moment(text: string | undefined, offsetMinutes: number): Date | undefined {
  if (text === undefined || text === "") return undefined;
  const zoned = /[zZ]|[+-]\d\d:?\d\d$/.test(text);
  const ms = Date.parse(zoned ? text : `${text.replace(" ", "T")}Z`) - (zoned ? 0 : offsetMinutes * 60_000);
  return Number.isNaN(ms) ? undefined : new Date(ms);
}

function callRow(world: World, call: CloudTalkCall): unknown {
  const { agents, contacts } = world.state.cloudtalk;
  const contact = contacts.get(call.contactId ?? "");
  return {
    Cdr: {
      id: call.id,
      billsec: String(call.talkingSeconds),
      type: call.direction,
      country_code: "1",
      public_external: phoneNumber(call.external),
      public_internal: phoneNumber(call.internal),
      recorded: call.recording !== null,
      is_voicemail: call.outcome === "voicemail",
      fax_email: "0",
      is_redirected: "0",
      redirected_from: "",
      is_local: true,
      user_id: call.agentId,
      talking_time: String(call.talkingSeconds),
      started_at: iso(call.startedAt),
      answered_at: call.answeredAt === null ? null : iso(call.answeredAt),
      ended_at: call.endedAt === null ? null : iso(call.endedAt),
      waiting_time: call.waitingSeconds,
      wrapup_time: call.wrapUpSeconds,
      recording_link: `${world.url()}/cloudtalk/r/play/${call.id}`,
    },
    Contact:
      contact === undefined
        ? { id: null }
        : {
            id: contact.id,
            name: escaped(contact.name),
            company: contact.details.company ?? null,
            type: "contact",
            tags: contact.tags.map((name) => ({ id: world.state.cloudtalk.tags.get(name) ?? null, name })),
            contact_numbers: contact.numbers.map(phoneNumber),
            contact_emails: contact.emails,
          },
    CallNumber: {
      id: "12345",
      internal_name: "Main line",
      caller_id_e164: phoneNumber(call.internal),
      country_code: "1",
      area_code: "202",
    },
    BillingCall: { price: "0.000000" },
    Agent: agentOf(agents.get(call.agentId ?? "")),
    Notes: call.notes.map(({ id, note }) => ({ id, note: escaped(note) })),
    Tags: call.tags,
  };
}

const agentOf = (agent: CloudTalkAgent | undefined): unknown =>
  agent === undefined
    ? { id: null }
    : {
        id: agent.id,
        firstname: agent.firstname,
        lastname: agent.lastname,
        fullname: `${agent.firstname} ${agent.lastname}`,
        email: agent.email,
        language: "en",
        role: "Agent",
        status: agent.availability,
        default_outbound_number: phoneNumber(agent.defaultNumber),
        associated_numbers: [phoneNumber(agent.defaultNumber)],
        groups: ["sales"],
      };

function recordingOf(world: World, call: CloudTalkCall | undefined): Answer {
  if (call?.recording?.expired) return envelope(410, { status: 410, message: "Recording expired." });
  if (!call?.recording || call.recording.readyAt > world.now()) return notFound();
  return { status: 200, type: call.recording.type, body: call.recording.bytes };
}

const recordingHash = (callId: string): string => createHash("sha256").update(`twin recording ${callId}`).digest("hex");

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The link that webhooks carry: base64 of the numeric id and of a 64-digit hash, both URL-encoded; no login needed. */
export const publicRecordingUrl = (world: World, callId: string): string =>
  `${world.url()}/cloudtalk/pub/r/${encodeURIComponent(base64(callId))}/${encodeURIComponent(base64(recordingHash(callId)))}.wav`;

function publicRecording(world: World, params: Record<string, string>): Answer {
  const callId = Buffer.from(params.call ?? "", "base64").toString();
  const hash = Buffer.from((params.hash ?? "").replace(/\.wav$/, ""), "base64").toString();
  return hash === recordingHash(callId) ? recordingOf(world, world.state.cloudtalk.calls.get(callId)) : notFound();
}

const dialBody = z.object({ agent_id: z.number().int(), callee_number: z.string() });

/** Answers without any call id; the agent's phone rings first (facts/cloudtalk.md §0 item 15). */
function dial(world: World, { body }: TwinRequest): Answer {
  const parsed = dialBody.safeParse(body);
  if (!parsed.success) return invalid({ agent_id: ["This field is required."] });
  const agent = world.state.cloudtalk.agents.get(String(parsed.data.agent_id));
  if (!/^\+\d{8,15}$/.test(parsed.data.callee_number)) {
    return invalid({ callee_number: [`${parsed.data.callee_number} is not a valid number in E.164 format.`] });
  }
  if (agent === undefined) return notFound();
  if (agent.availability === "calling") return envelope(409, { status: 409, message: "Agent is already calling." });
  if (agent.availability !== "online") return envelope(403, { status: 403, message: "Agent is not online." });
  world.state.cloudtalk.dials.push({ agentId: agent.id, callee: parsed.data.callee_number, at: world.now() });
  return done();
}
