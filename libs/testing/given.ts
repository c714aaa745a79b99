import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { catalogue, type EventType, eventVersion, type LogEvent, type NewEvent, stream } from "@callbridge/events";
import type { Decision, Fact, Handler } from "@callbridge/service";

/** Tests that read given / when / then: a history in short words, a handler's decision on its last event, what comes of it. */

type Facts = Record<string, unknown>;
type Place = {
  stream?: string;
  /** Since the event before. */
  afterMs?: number;
  erased?: boolean;
};
/** An event's type alone stands for its example; facts are laid over the example, and `undefined` takes one out. */
export type Told = EventType | [EventType, Facts?, Place?];

/** When the first event of a history is recorded. */
export const firstRecordedAt = "2026-11-22T10:05:00.000Z";
const stepMs = 1_000;

const stored = (ref: string) => ({ ref, sha256: "0".repeat(64), bytes: 1_000 });
const note = { effect: "note:call:u:uuid-1:1", kind: "ghl.note", target: "ghl-note:call:u:uuid-1" };

/** One example per event, personal data included. The calls' are as CloudTalk sends them: an end by uuid, a recording by id. */
export const examples: Partial<Record<EventType, Facts>> = {
  "call.started": { callUuid: "uuid-1", externalPhone: "+393000000001", internalPhone: "+12025550100" },
  "call.answered": { callUuid: "uuid-1", agentId: "7" },
  "call.ended": { callUuid: "uuid-1", agentId: "7", externalPhone: "+393000000001", internalPhone: "+12025550100" },
  "call.recording_ready": { callId: "1001", recordingUrl: "https://my.cloudtalk.io/pub/r/MTAwMQ%3D%3D/secret.wav" },
  "call.transcript_ready": { callId: "1001" },
  "call.recovered": { callId: "1001", callUuid: "uuid-1", externalPhone: "+393000000001" },
  "call.identified": {
    ...{ callId: "1001", callUuid: "uuid-1", outcome: "answered", direction: "inbound", because: "call-details" },
    ...{ startedAt: "2026-11-22T10:00:00.000Z", talkingSeconds: 192, waitingSeconds: 4, agentId: "7" },
    ...{ externalPhone: "+393000000001", internalPhone: "+12025550100", agentName: "Sarah Agent" },
  },
  "call.matched": { ghlContactId: "GhlContact0000000002", because: "phone" },
  "call.unmatched": { because: "unknown-caller" },
  "recording.stored": { ...stored("recording/1"), mediaType: "audio/wav", durationSeconds: 192, channels: 2 },
  "recording.unavailable": { because: "not-found" },
  "call.transcribed": {
    ...stored("transcript/1"),
    ...{ outcome: "speech", language: "en", segments: 6, words: 89, model: "whisper-1", audioSeconds: 192 },
  },
  "call.transcription_failed": { because: "the audio cannot be decoded" },
  "call.analysed": {
    ...stored("analysis/1"),
    ...{ callType: "support", outcome: "appointment_booked", sentiment: "positive", score: 83 },
    ...{ model: "gpt-6-luna", promptVersion: "1", headline: "Slow internet" },
    summary: "Ada's internet is slow. A technician comes on Monday.",
    ...{ actionItems: ["Send a technician"], coaching: ["Confirm the address"] },
  },
  "call.analysis_failed": { because: "refused" },
  "contact.reported": { ghlContactId: "GhlContact0000000002", origin: "ghl", change: "created", name: "Ada Rossi" },
  "contact.linked": { cloudtalkContactId: "2002", ghlContactId: "GhlContact0000000002", because: "phone" },
  "effect.intended": { ...note, revision: 1, input: { contactId: "GhlContact0000000002", body: "A call" } },
  "effect.attempted": { ...note, attempt: 1, host: "crm.example" },
  "effect.observed": { ...note, attempt: 1, how: "answer", vendorId: "GhlNote0000000000001" },
  "effect.failed": { ...note, attempt: 1, final: true, because: "refused" },
  "effect.unknown": { ...note, attempt: 1, because: "no answer" },
  "effect.skipped": { ...note, because: "erased" },
};

/** A history: positions from 1, recorded one second apart, each in the stream that its own ids name. */
export function given(...history: Told[]): LogEvent[] {
  const events: LogEvent[] = [];
  for (const told of history) {
    const [type, facts = {}, place = {}]: [EventType, Facts?, Place?] = typeof told === "string" ? [told] : told;
    const all = { ...examples[type], ...facts };
    const before = events.at(-1);
    const recordedAt = before
      ? new Date(Date.parse(before.recordedAt) + (place.afterMs ?? stepMs)).toISOString()
      : firstRecordedAt;
    const erased = place.erased ?? false;
    const event = {
      type,
      stream: place.stream ?? streamOf(type, all, events[0]?.stream),
      time: recordedAt,
      source: "test",
      data: catalogue[type].data.parse(all),
      personal: erased ? {} : catalogue[type].personal.parse(all),
    } as NewEvent;
    events.push(logged(event, `given/${events.length + 1}`, events, recordedAt, erased));
  }
  return events;
}

/** Vendors' reports name their subject themselves; what services found out stands where the subject began. */
function streamOf(type: EventType, { callId, callUuid, ghlContactId, cloudtalkContactId }: Facts, first?: string) {
  const isReport = !/identified|matched|^call\.transcri(bed|ption)|analys/.test(type) && type.startsWith("call.");
  if (first !== undefined && !isReport && !type.startsWith("contact.")) return first;
  if (type.startsWith("contact.")) {
    return typeof ghlContactId === "string"
      ? stream.ghlContact(ghlContactId)
      : stream.cloudtalkContact(String(cloudtalkContactId));
  }
  if (typeof callUuid === "string") return stream.callByUuid(callUuid);
  return typeof callId === "string" ? stream.callById(callId) : (first ?? stream.callWithoutId("report-1"));
}

function logged(event: Omit<NewEvent, "key">, key: string, log: LogEvent[], recordedAt: string, erased = false) {
  const position = (log.at(-1)?.position ?? 0) + 1;
  return {
    ...event,
    ...{ id: `event-${position}`, account: "default", position, version: eventVersion, key, recordedAt, erased },
    ...{ correlationId: "correlation-1", causationId: undefined, traceparent: undefined },
  } as LogEvent;
}

/** Not keyed: nothing here is secret. */
export const hash = (text: string) => createHash("sha256").update(text).digest("hex");

export type Decided = Required<Omit<Decision, "wake">> & {
  /** Milliseconds from the decision to the next look; undefined: none is wanted. */
  wakeAfterMs: number | undefined;
};

/** What the handler decides on an event (the last one, unless another is named) of the history, `afterMs` after it. */
export async function when<State>(
  handler: Handler<State>,
  history: LogEvent[],
  { afterMs = 0, event = history.at(-1) }: { afterMs?: number; event?: LogEvent | undefined } = {},
): Promise<Decided> {
  assert(event);
  const now = new Date(Date.parse(event.recordedAt) + afterMs);
  const { append, intend, wake } = await decisionOn(handler, history, event, now);
  const [next] = wake ?? [];
  return {
    append: append ?? [],
    intend: intend ?? [],
    wakeAfterMs: next && next.at.getTime() - now.getTime(),
  };
}

export async function decisionOn<State>(handler: Handler<State>, history: LogEvent[], event: LogEvent, now: Date) {
  const context = {
    now,
    hash,
    signal: new AbortController().signal,
    once: <T>(_: string, read: () => Promise<T>) => read(),
  };
  return await handler.decide(event, handler.fold(history), context);
}

/** The history after a decision on one of its events: facts and intents are added as the runtime would, known keys refused. */
export function historyAfter(
  history: LogEvent[],
  { stream: name }: LogEvent,
  decision: Decision,
  now: Date,
): LogEvent[] {
  const time = now.toISOString();
  const intents = (decision.intend ?? []).map(
    ({ input, stream: own, ...data }): Fact => ({
      type: "effect.intended",
      stream: own ?? name,
      key: { fact: `effect:${data.effect}/intended` },
      data,
      personal: { input },
    }),
  );
  const log = [...history];
  for (const fact of [...(decision.append ?? []), ...intents]) {
    assert("fact" in fact.key);
    const { key, ...event } = fact;
    if (log.some((known) => known.key === key.fact)) continue;
    log.push(logged({ time, source: "test", ...event } as NewEvent, key.fact, log, time));
  }
  return log;
}
