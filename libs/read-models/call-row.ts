import { type Call, failedBecause, foldCall, type LogEvent } from "@callbridge/events";
import type { EffectRow } from "./effect-rows.ts";

/** One call, as `callbridge.calls` keeps it (docs/analytics.md says what each column means). Undefined is null. */
export type CallRow = ReturnType<typeof callRow>;

/** `streams`: every name the call has. `hash`: keyed, so that a phone can be looked up and not be read. Pure. */
export function callRow(
  subject: string,
  streams: readonly string[],
  events: readonly LogEvent[],
  effects: readonly EffectRow[],
  hash: (text: string) => string,
) {
  const [first, last] = [events[0], events.at(-1)];
  if (!first || !last) throw new Error(`the call ${subject} has no events`);
  const call = foldCall(events);
  const startedAt = instant(call.startedAt);
  const answeredAt = instant(call.answeredAt);
  const endedAt = instant(call.endedAt);
  return {
    account: first.account,
    subject,
    streams: [...streams].sort(),
    call_id: call.callId ?? idIn(streams, "call:n:"),
    call_uuid: call.callUuid ?? idIn(streams, "call:u:"),
    called_at: startedAt ?? answeredAt ?? endedAt ?? first.recordedAt,
    direction: call.direction,
    outcome: call.outcome,
    identified: call.identified,
    ended: call.ended,
    started_at: startedAt,
    answered_at: answeredAt,
    ended_at: endedAt,
    talking_seconds: call.talkingSeconds,
    waiting_seconds: call.waitingSeconds,
    voicemail: call.voicemail,
    withheld: call.withheld,
    agent_id: call.agentId,
    cloudtalk_contact_id: call.cloudtalkContactId,
    phone_hash: call.externalPhone === undefined ? undefined : hash(call.externalPhone),
    ...spoken(call),
    ...contactOf(call, events),
    ...inCrm(effects),
    erased: call.erased,
    first_at: first.recordedAt,
    over_at: call.overAt,
    last_at: last.recordedAt,
    first_position: first.position,
    last_position: last.position,
  };
}

/** Recording, transcript and analysis: each is there, or it is not and the reason is known, or nothing is known (yet). */
function spoken({ recording, recordingAnnounced, transcript, analysis }: Call) {
  const noRecording = failedBecause(recording);
  const noTranscript = failedBecause(transcript);
  const noAnalysis = failedBecause(analysis);
  const analysed = analysis && "sentiment" in analysis ? analysis : undefined;
  const heard = transcript && "outcome" in transcript ? transcript : undefined;
  return {
    recording: noRecording ? "unavailable" : recording ? "stored" : recordingAnnounced ? "announced" : undefined,
    recording_because: noRecording,
    transcript: noTranscript ? "failed" : heard?.outcome,
    transcript_because: noTranscript,
    analysis: noAnalysis ? "failed" : analysed && "done",
    analysis_because: noAnalysis,
    call_type: analysed?.callType,
    call_result: analysed?.outcome,
    sentiment: analysed?.sentiment,
    score: analysed?.score,
    language: analysed?.language ?? heard?.language,
  };
}

function contactOf({ contact }: Call, events: readonly LogEvent[]) {
  if (!contact) return { match: undefined, match_because: undefined, ghl_contact_id: undefined };
  if ("unmatched" in contact) {
    return { match: "unmatched", match_because: contact.unmatched, ghl_contact_id: undefined };
  }
  const match = events.findLast((event) => event.type === "call.matched");
  return { match: "matched", match_because: match?.data.because, ghl_contact_id: contact.ghlContactId };
}

/** The state of the last write of each kind; a note that was seen there once is in the CRM, whatever became of its update. */
function inCrm(effects: readonly EffectRow[]) {
  const last = (kind: string) =>
    effects.filter((one) => one.kind === kind).sort((a, b) => b.first_position - a.first_position)[0];
  const seen = effects.filter(({ kind, state }) => kind === "ghl.note" && state === "observed");
  return {
    in_crm: seen.length > 0,
    note: last("ghl.note")?.state,
    note_id: seen.at(-1)?.vendor_id,
    noted_at: seen[0]?.ended_at,
    call_log: last("ghl.call_log")?.state,
    call_log_id: last("ghl.call_log")?.vendor_id,
    fields: last("ghl.fields")?.state,
  };
}

function idIn(streams: readonly string[], prefix: string): string | undefined {
  return streams
    .filter((name) => name.startsWith(prefix))
    .sort()[0]
    ?.slice(prefix.length);
}

/** A vendor's time as PostgreSQL takes it: its own first year is 1, and a time that is none must not stop everything. */
const firstYearMs = Date.parse("0001-01-02T00:00:00Z");

function instant(text: string | undefined): string | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return ms >= firstYearMs ? new Date(ms).toISOString() : undefined;
}
