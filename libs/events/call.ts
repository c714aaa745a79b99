import type { CallDirection, CallOutcome } from "./call-events.ts";
import type { EventData } from "./catalogue.ts";
import { type Effect, evolveEffects } from "./effect.ts";
import type { LogEvent } from "./event.ts";
import type { CloudTalkCallId, CloudTalkCallUuid, CloudTalkContactId, GhlContactId } from "./streams.ts";

type Failure = { failed: string };

/** A call as all its events together tell it, whatever their order. Everything is unknown until a fact says so. */
export type Call = {
  callId?: CloudTalkCallId | undefined;
  callUuid?: CloudTalkCallUuid | undefined;
  /** A webhook or the history said that the call is over. */
  ended: boolean;
  /** `call.identified` was appended: ids, outcome and direction are as good as they get. */
  identified: EventData<"call.identified">["because"] | undefined;
  outcome?: CallOutcome | undefined;
  direction?: CallDirection | undefined;
  startedAt?: string | undefined;
  answeredAt?: string | undefined;
  endedAt?: string | undefined;
  talkingSeconds?: number | undefined;
  waitingSeconds?: number | undefined;
  voicemail?: boolean | undefined;
  withheld?: boolean | undefined;
  agentId?: string | undefined;
  cloudtalkContactId?: CloudTalkContactId | undefined;
  externalPhone?: string | undefined;
  internalPhone?: string | undefined;
  invalidPhone?: string | undefined;
  agentName?: string | undefined;
  agentEmail?: string | undefined;
  contactName?: string | undefined;
  recordingUrl?: string | undefined;
  /** A webhook said that a recording exists. */
  recordingAnnounced: boolean;
  recording?: EventData<"recording.stored"> | Failure | undefined;
  transcript?: EventData<"call.transcribed"> | Failure | undefined;
  analysis?: (EventData<"call.analysed"> & AnalysisTexts) | Failure | undefined;
  contact?: { ghlContactId: GhlContactId } | { unmatched: EventData<"call.unmatched">["because"] } | undefined;
  /** By our clock: when the call was first heard of, and when it was first known to be over. */
  firstAt?: string;
  overAt?: string | undefined;
  /** Name of the stream that the first event was written to: where decisions about the call are appended. */
  stream?: string;
  position: number;
  effects: ReadonlyMap<string, Effect>;
  erased: boolean;
};
type AnalysisTexts = {
  headline?: string | undefined;
  summary?: string | undefined;
  actionItems?: string[] | undefined;
  coaching?: string[] | undefined;
};

export const newCall: Call = {
  ended: false,
  identified: undefined,
  recordingAnnounced: false,
  position: 0,
  effects: new Map(),
  erased: false,
};

export function failedBecause(part: object | undefined): string | undefined {
  return part && "failed" in part && typeof part.failed === "string" ? part.failed : undefined;
}

/** What is still to be expected of a call before it is told in full; undefined: nothing more. A missed call has nothing to wait for. */
export function awaited({ outcome, recording, transcript, analysis }: Call) {
  if (outcome === "missed" || failedBecause(recording) !== undefined) return undefined;
  if (!recording) return "recording" as const;
  if (!transcript) return "transcript" as const;
  if ("failed" in transcript || transcript.outcome === "no-speech" || analysis) return undefined;
  return "analysis" as const;
}

export function foldCall(events: Iterable<LogEvent>): Call {
  let call = newCall;
  for (const event of events) call = evolveCall(call, event);
  return call;
}

/** The reports of which each says that the call is over: recordings exist only after it. */
export const tellsThatItIsOver = [
  "call.ended",
  "call.recording_ready",
  "call.transcript_ready",
  "call.recovered",
] as const;
const tellsTheEnd = new Set<string>([...tellsThatItIsOver, "call.identified"]);

export function evolveCall(before: Call, event: LogEvent): Call {
  const call: Call = {
    ...before,
    firstAt: before.firstAt ?? event.recordedAt,
    overAt: before.overAt ?? (tellsTheEnd.has(event.type) ? event.recordedAt : undefined),
    stream: before.stream ?? event.stream,
    position: event.position,
    effects: evolveEffects(before.effects, event),
    erased: before.erased || event.erased,
  };
  switch (event.type) {
    case "call.started":
    case "call.answered":
    case "call.modified":
    case "call.tagged":
    case "call.noted":
      return withFacts(call, event);
    case "call.ended":
    case "call.recovered":
      return { ...withFacts(call, event), ended: true };
    case "call.recording_ready":
    case "call.transcript_ready":
      return { ...withFacts(call, event), recordingAnnounced: true };
    case "call.identified": {
      const { outcome, because } = event.data;
      return { ...withFacts(call, event), outcome, identified: because };
    }
    case "call.matched":
      return { ...call, contact: { ghlContactId: event.data.ghlContactId } };
    case "call.unmatched":
      return { ...call, contact: { unmatched: event.data.because } };
    case "recording.stored":
      return { ...call, recording: event.data };
    case "recording.unavailable":
      return { ...call, recording: { failed: event.data.because } };
    case "call.transcribed":
      return { ...call, transcript: event.data };
    case "call.transcription_failed":
      return { ...call, transcript: { failed: event.data.because } };
    case "call.analysed":
      return { ...call, analysis: { ...event.data, ...event.personal } };
    case "call.analysis_failed":
      return { ...call, analysis: { failed: event.data.because } };
    default:
      return call;
  }
}

type Report = { data: EventData<"call.ended">; personal: Partial<Pick<Call, PersonalField>> };
type PersonalField =
  | "externalPhone"
  | "internalPhone"
  | "invalidPhone"
  | "agentName"
  | "agentEmail"
  | "contactName"
  | "recordingUrl";

/** A later report fills in and corrects, but an absent field never erases a known one. */
function withFacts(call: Call, { data, personal }: Report): Call {
  const { callId, callUuid, direction, agentId, cloudtalkContactId, startedAt, answeredAt, endedAt } = data;
  const { talkingSeconds, waitingSeconds, voicemail, withheld } = data;
  const { externalPhone, internalPhone, invalidPhone, agentName, agentEmail, contactName, recordingUrl } = personal;
  return {
    ...call,
    ...known({ callId, callUuid, direction, agentId, cloudtalkContactId, startedAt, answeredAt, endedAt }),
    ...known({ talkingSeconds, waitingSeconds, voicemail, withheld }),
    ...known({ externalPhone, internalPhone, invalidPhone, agentName, agentEmail, contactName, recordingUrl }),
  };
}

function known<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
