import { z } from "zod";
import {
  callId,
  callUuid,
  cloudtalkContactId,
  contactIds,
  ghlContactId,
  id,
  instant,
  nothingPersonal,
  seconds,
  text,
} from "./fields.ts";

export const callOutcome = z.enum(["answered", "missed", "voicemail", "unknown"]);
export const callDirection = z.enum(["inbound", "outbound", "internal"]);
export type CallOutcome = z.infer<typeof callOutcome>;
export type CallDirection = z.infer<typeof callDirection>;

const callFacts = {
  callId: callId.optional(),
  callUuid: callUuid.optional(),
  direction: callDirection.optional(),
  agentId: id.optional(),
  cloudtalkContactId: cloudtalkContactId.optional(),
  startedAt: instant.optional(),
  answeredAt: instant.optional(),
  endedAt: instant.optional(),
  talkingSeconds: seconds.optional(),
  waitingSeconds: seconds.optional(),
  voicemail: z.boolean().optional(),
  /** The caller hid the number; there is nobody to match. */
  withheld: z.boolean().optional(),
};
const callPersonal = z.object({
  /** The other party, E.164. */
  externalPhone: text.optional(),
  /** Our own line, E.164. */
  internalPhone: text.optional(),
  /** A number that is not a valid phone number, as it came. */
  invalidPhone: text.optional(),
  agentName: text.optional(),
  agentEmail: text.optional(),
  contactName: text.optional(),
  /** CloudTalk's public link to the audio: whoever has it can listen, so it is a secret. */
  recordingUrl: text.optional(),
});
const callReport = { data: z.object(callFacts), personal: callPersonal };

/** Why a call has no recording. `pending` is never here: waiting is a timer, not a fact. */
export const recordingUnavailable = z.enum([
  "expired", // the vendor deleted it (410)
  "not-found", // still 404 after the last look
  "not-allowed", // its host is not on the allow-list, or resolves to a private address
  "too-large",
  "too-slow",
  "not-audio",
  "empty",
]);

/** Where a large object lies: `libs/storage` reads it. */
const stored = { ref: text, sha256: z.string().length(64), bytes: z.number().int().nonnegative() };

/** What happened to a call, and what was found out about it. */
export const callEvents = {
  "call.started": callReport,
  "call.answered": callReport,
  "call.ended": callReport,
  "call.modified": callReport,
  "call.recording_ready": callReport,
  "call.transcript_ready": callReport,
  /** Seen in the vendor's call history though no webhook with its ids reported it. */
  "call.recovered": callReport,
  "call.tagged": { data: z.object({ ...callFacts, tag: text }), personal: callPersonal },
  "call.noted": {
    data: z.object({ ...callFacts, noteId: id.optional() }),
    personal: callPersonal.extend({ note: text.optional(), author: text.optional() }),
  },
  /** What the call was, decided once both ids are known or the deadline has passed. */
  "call.identified": {
    data: z.object({
      ...callFacts,
      outcome: callOutcome,
      /** Where the answer came from: the webhooks themselves, the vendor's call details, or nobody in time. */
      because: z.enum(["reports", "call-details", "deadline"]),
    }),
    personal: callPersonal,
  },
  /** The CRM contact that this call belongs to. */
  "call.matched": {
    data: z.object({ ...contactIds, ghlContactId, because: z.enum(["phone", "created", "link", "person"]) }),
    personal: nothingPersonal,
  },
  /** Nobody in the CRM to note this call on, and why; a person may resolve it. */
  "call.unmatched": {
    data: z.object({
      because: z.enum([
        "withheld",
        "internal",
        "no-phone",
        "invalid-phone",
        "ambiguous",
        "unknown-caller",
        "creation-failed",
        "contact-gone", // it was matched, but the contact was deleted before the call was noted there
      ]),
      /** The contacts that share the number, when it is ambiguous. */
      candidates: z.array(ghlContactId).optional(),
    }),
    personal: nothingPersonal,
  },
  "recording.stored": {
    data: z.object({
      ...stored,
      mediaType: text,
      durationSeconds: seconds.optional(),
      channels: z.number().int().positive().optional(),
    }),
    personal: nothingPersonal,
  },
  "recording.unavailable": {
    data: z.object({ because: recordingUnavailable, detail: text.optional() }),
    personal: nothingPersonal,
  },
  "call.transcribed": {
    data: z.object({
      ...stored,
      /** `speech`: words were heard. `no-speech`: silence or noise only, which is a result and not a failure. */
      outcome: z.enum(["speech", "no-speech"]),
      language: text.optional(),
      segments: z.number().int().nonnegative(),
      words: z.number().int().nonnegative(),
      model: text,
      audioSeconds: seconds.optional(),
      requestId: text.optional(),
    }),
    personal: nothingPersonal,
  },
  "call.transcription_failed": { data: z.object({ because: text }), personal: nothingPersonal },
  "call.analysed": {
    data: z.object({
      ...stored,
      callType: text,
      outcome: text,
      sentiment: z.enum(["very_negative", "negative", "neutral", "positive", "very_positive"]),
      /** 0–100, the mean of the rubric's applicable criteria, computed by us. Absent when none applied. */
      score: z.number().min(0).max(100).optional(),
      language: text.optional(),
      model: text,
      promptVersion: text,
      requestId: text.optional(),
      inputTokens: z.number().int().optional(),
      outputTokens: z.number().int().optional(),
    }),
    personal: z.object({
      headline: text.optional(),
      summary: text.optional(),
      actionItems: z.array(text).optional(),
      coaching: z.array(text).optional(),
    }),
  },
  "call.analysis_failed": { data: z.object({ because: text }), personal: nothingPersonal },
};
