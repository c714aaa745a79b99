import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type CloudTalkCall, nextCloudTalkId } from "./cloudtalk-state.ts";
import { automationBody, type CloudTalkEvent, nativeData, sendAutomation, sendNative } from "./cloudtalk-webhooks.ts";
import { sampleCall } from "./sample-call.ts";
import { silentWav } from "./wav.ts";
import type { Sent } from "./webhook-post.ts";
import { after, type World } from "./world.ts";

const events = [
  "call-started",
  "call-answered",
  "call-ended",
  "call-recording-ready",
  "transcription-ready",
  "call-modified",
] as const;
const ids = z.enum(["uuid", "id", "both"]);

/** What to play. Everything has a default: an answered incoming call from David, reported as CloudTalk really did. */
export const callSchema = z.strictObject({
  direction: z.enum(["incoming", "outgoing"]).default("incoming"),
  outcome: z.enum(["answered", "missed", "voicemail"]).default("answered"),
  /** The external party's number in E.164; null for a withheld caller. */
  from: z
    .string()
    .regex(/^\+\d{8,15}$/)
    .nullable()
    .default("+12025550143"),
  /** Null for a call that no agent saw. */
  agentId: z.string().nullable().optional(),
  /** CloudTalk contact; found by number when absent, null for none. */
  contactId: z.string().nullable().optional(),
  shapes: z.enum(["workflow", "native"]).default("workflow"),
  template: z.enum(["captured", "rich"]).default("captured"),
  ids: z.strictObject({ ended: ids.default("uuid"), recording: ids.default("id") }).prefault({}),
  /** Webhooks in the order of sending; the natural ones for the outcome when absent. */
  order: z.array(z.enum(events)).optional(),
  /** Left out of the order: lost on the way. */
  skip: z.array(z.enum(events)).default([]),
  /** How many times more every webhook is delivered, with the same delivery id. */
  duplicates: z.number().int().nonnegative().default(0),
  /** When the call ended; now when absent. */
  endedAt: z.iso.datetime({ offset: true }).optional(),
  talkingSeconds: z.number().int().nonnegative().optional(),
  waitingSeconds: z.number().int().nonnegative().default(4),
  recording: z.enum(["sample", "silence", "none"]).optional(),
  recordingExpired: z.boolean().default(false),
  tags: z.array(z.string()).default([]),
  notes: z.array(z.string()).default([]),
});

export type CallOptions = z.input<typeof callSchema>;
type Script = z.output<typeof callSchema>;

export type PlayedCall = { callId: string; uuid: string; sent: Sent[] };

/** Puts a finished call into the twin and reports it by webhooks, one after another. */
export async function playCall(world: World, options: CallOptions = {}): Promise<PlayedCall> {
  const script = callSchema.parse(options);
  const call = finishedCall(world, script);
  return { callId: call.id, uuid: call.uuid, sent: await report(world, call, script) };
}

/** Puts a call that is being talked into the twin, reported as started and answered. */
export async function startCall(world: World, options: CallOptions = {}): Promise<PlayedCall> {
  const script = callSchema.parse({ order: ["call-started", "call-answered"], ...options });
  const call = finishedCall(world, script);
  const { recording } = call;
  call.endedAt = null;
  call.answeredAt = call.startedAt = world.now();
  call.recording = null;
  const sent = await report(world, call, script);
  call.recording = recording;
  return { callId: call.id, uuid: call.uuid, sent };
}

/** Hangs up a call that `startCall` began. */
export async function endCall(world: World, callId: string, options: CallOptions = {}): Promise<PlayedCall> {
  const script = callSchema.parse({ order: ["call-ended", "call-recording-ready"], ...options });
  const call = world.state.cloudtalk.calls.get(callId);
  if (call === undefined) throw new Error(`The twin knows no call ${callId}`);
  call.endedAt = world.now();
  call.talkingSeconds = script.talkingSeconds ?? Math.round((call.endedAt.getTime() - call.startedAt.getTime()) / 1000);
  call.recording = recordingFor(world, script, call.endedAt);
  return { callId, uuid: call.uuid, sent: await report(world, call, script) };
}

function finishedCall(world: World, script: Script): CloudTalkCall {
  const { cloudtalk } = world.state;
  const endedAt = script.endedAt === undefined ? world.now() : new Date(script.endedAt);
  const answered = script.outcome === "answered";
  const talkingSeconds = script.talkingSeconds ?? (answered ? Math.round(sampleCall().durationSeconds) : 0);
  const startedAt = after(endedAt, -1000 * (talkingSeconds + script.waitingSeconds));
  const known = [...cloudtalk.contacts.values()].find(({ numbers }) => numbers.includes(script.from ?? ""));
  const agentId = script.agentId === undefined ? ([...cloudtalk.agents.keys()][0] ?? null) : script.agentId;
  const call: CloudTalkCall = {
    id: nextCloudTalkId(cloudtalk, "call"),
    uuid: randomUUID(),
    direction: script.direction,
    outcome: script.outcome,
    external: script.from,
    internal: cloudtalk.agents.get(agentId ?? "")?.defaultNumber ?? "+12025550100",
    agentId,
    contactId: script.contactId === undefined ? (known?.id ?? null) : script.contactId,
    startedAt,
    answeredAt: answered ? after(startedAt, 1000 * script.waitingSeconds) : null,
    endedAt,
    talkingSeconds,
    waitingSeconds: script.waitingSeconds,
    wrapUpSeconds: answered ? 5 : 0,
    notes: script.notes.map((note, i) => ({ id: String(i + 1), note })),
    tags: script.tags.map((name, i) => ({ id: String(i + 1), name })),
    recording: recordingFor(world, script, endedAt),
  };
  cloudtalk.calls.set(call.id, call);
  return call;
}

function recordingFor(world: World, script: Script, endedAt: Date): CloudTalkCall["recording"] {
  const natural = { answered: "sample", voicemail: "silence", missed: "none" } as const;
  const kind = script.recording ?? natural[script.outcome];
  if (kind === "none") return null;
  const mp3 = kind === "sample" && world.settings.recordingFormat === "mp3";
  return {
    bytes: kind === "silence" ? silentWav(3) : mp3 ? sampleCall().mp3 : sampleCall().wav,
    type: mp3 ? "audio/mpeg" : "audio/x-wav",
    readyAt: after(endedAt, world.settings.recordingReadyMs),
    expired: script.recordingExpired,
  };
}

async function report(world: World, call: CloudTalkCall, script: Script): Promise<Sent[]> {
  // No native event for the start of a call is known from any source (facts/cloudtalk.md §2B).
  const start = script.shapes === "workflow" ? (["call-started"] as const) : [];
  const recording = call.recording === null ? [] : (["call-recording-ready"] as const);
  const natural: CloudTalkEvent[] = [...start, "call-ended", ...recording];
  const sent: Sent[] = [];
  for (const event of (script.order ?? natural).filter((one) => !script.skip.some((lost) => lost === one))) {
    if (event === "call-recording-ready") recordingAnnounced(world, call);
    const deliveryId = `msg_${randomUUID()}`;
    for (let time = 0; time <= script.duplicates; time++) {
      sent.push(await deliver(world, call, event, script, deliveryId));
    }
  }
  return sent;
}

/** Its webhook means the audio is there, unless the twin was told that this vendor lies. */
function recordingAnnounced(world: World, call: CloudTalkCall): void {
  if (call.recording === null) return;
  const promised = after(world.now(), world.settings.recordingLateMs);
  if (world.settings.recordingLateMs > 0 || call.recording.readyAt > promised) call.recording.readyAt = promised;
}

const nativeTypes: Partial<Record<CloudTalkEvent, string>> = {
  "call-started": "call.started",
  "call-answered": "call.answered",
  "call-ended": "call.ended",
  "call-recording-ready": "call.recording_ready",
  "transcription-ready": "transcript.ready",
  "call-modified": "call.modified",
};

function deliver(
  world: World,
  call: CloudTalkCall,
  event: CloudTalkEvent,
  script: Script,
  deliveryId: string,
): Promise<Sent> {
  const type = nativeTypes[event];
  if (script.shapes === "native" && type !== undefined)
    return sendNative(world, type, nativeData(type, call), deliveryId);
  const ids = event === "call-ended" || event === "call-modified" ? script.ids.ended : script.ids.recording;
  return sendAutomation(world, event, automationBody(world, event, call, ids, script.template));
}
