import { z } from "zod";
import type { CloudTalkCallId, CloudTalkCallUuid, CloudTalkContactId, GhlContactId } from "./streams.ts";
import { stream } from "./streams.ts";

/*
 * Every event, its data (free of personal data: it travels the bus and may be logged) and its personal data (encrypted in
 * the log, every field optional because a stream's key can be destroyed). Unknown is a third state: absent is never 0.
 */

const id = z.string().min(1).max(200);
const callId = id.transform((value) => value as CloudTalkCallId);
const callUuid = id.transform((value) => value as CloudTalkCallUuid);
const cloudtalkContactId = id.transform((value) => value as CloudTalkContactId);
const ghlContactId = id.transform((value) => value as GhlContactId);
const instant = z.iso.datetime({ offset: true });
const seconds = z.number().nonnegative();
const side = z.enum(["cloudtalk", "ghl"]);
const text = z.string();

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

const contactPersonal = z.object({
  name: text.optional(),
  firstName: text.optional(),
  lastName: text.optional(),
  phones: z.array(text).optional(),
  emails: z.array(text).optional(),
  /** Fields that the report says were changed, as it named them. */
  changed: z.record(z.string(), z.unknown()).optional(),
});
const contactIds = { cloudtalkContactId: cloudtalkContactId.optional(), ghlContactId: ghlContactId.optional() };

const opportunity = z.object({
  opportunityId: id.optional(),
  ghlContactId: ghlContactId.optional(),
  pipelineId: id.optional(),
  pipelineName: text.optional(),
  stageId: id.optional(),
  stageName: text.optional(),
  previousStageName: text.optional(),
  status: text.optional(),
  previousStatus: text.optional(),
});

export const effectKind = z.enum([
  "ghl.contact",
  "ghl.note",
  /** Removes a second copy of a note that a vendor applied later than anybody may assume. */
  "ghl.note_duplicates",
  "ghl.call_log",
  "ghl.fields",
  "cloudtalk.contact",
]);
export type EffectKind = z.infer<typeof effectKind>;

/** What all events of one effect carry. `effect` is its idempotency key, `target` what must be written in order. */
const effectRef = { effect: id, kind: effectKind, target: id };
const nothingPersonal = z.object({});

/** Where a large object lies: `libs/storage` reads it. */
const stored = { ref: text, sha256: z.string().length(64), bytes: z.number().int().nonnegative() };

export const catalogue = {
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
    data: z.object(callFacts),
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
    data: z.object({ ...contactIds, ghlContactId, because: z.enum(["phone", "created"]) }),
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

  /** A webhook's hint that a contact is new or changed; the truth is read from the vendor. */
  "contact.reported": {
    data: z.object({
      ...contactIds,
      origin: side,
      change: z.enum(["created", "updated", "deleted"]),
      tags: z.array(text).optional(),
    }),
    personal: contactPersonal,
  },
  "contact.tagged": { data: z.object({ ...contactIds, origin: side, tag: text }), personal: contactPersonal },
  "contact.untagged": { data: z.object({ ...contactIds, origin: side, tag: text }), personal: contactPersonal },
  /** The tag list as a webhook gave it, when the webhook does not say which tag came or went. */
  "contact.tags_reported": {
    data: z.object({ ...contactIds, origin: side, tags: z.array(text) }),
    personal: contactPersonal,
  },
  "note.added": {
    data: z.object({
      ...contactIds,
      origin: side,
      noteId: id.optional(),
      change: z.enum(["added", "updated", "deleted"]),
    }),
    personal: contactPersonal.extend({ note: text.optional(), author: text.optional() }),
  },
  /** The two sides' records of one person. */
  "contact.linked": {
    data: z.object({ cloudtalkContactId, ghlContactId, because: z.enum(["created", "phone"]) }),
    personal: nothingPersonal,
  },
  "opportunity.stage_changed": { data: opportunity, personal: contactPersonal },
  "opportunity.status_changed": { data: opportunity, personal: contactPersonal },
  "agent.status_changed": {
    data: z.object({ agentId: id, status: text }),
    personal: z.object({ agentName: text.optional(), agentEmail: text.optional() }),
  },

  /** Compare the vendor's call history with the log and the CRM: once for a window, or again and again. */
  "reconcile.requested": {
    data: z.object({
      /** Absent: every sweep looks at its own recent window, and each past day is certified once. */
      from: instant.optional(),
      to: instant.optional(),
      /** Only certify; report nothing as recovered. */
      dryRun: z.boolean(),
    }),
    personal: nothingPersonal,
  },
  /** How many calls of a window each side knows, and why they differ. */
  "reconcile.certified": {
    data: z.object({
      from: instant,
      to: instant,
      cloudtalk: z.number().int().nonnegative(),
      log: z.number().int().nonnegative(),
      crm: z.number().int().nonnegative(),
      recovered: z.number().int().nonnegative(),
      /** Calls that are not in the CRM, counted by reason. */
      reasons: z.record(z.string(), z.number().int()),
      /** The first of them by name. */
      examples: z.array(z.object({ callId, because: text })),
    }),
    personal: nothingPersonal,
  },

  "effect.intended": {
    data: z.object({
      ...effectRef,
      /** Orders the writes to one target; a higher one supersedes a lower one. */ revision: z.number(),
    }),
    personal: z.object({
      /** What to write, in our own words; the kind's own schema reads it. */ input: z
        .record(z.string(), z.unknown())
        .optional(),
    }),
  },
  "effect.attempted": {
    data: z.object({ ...effectRef, attempt: z.number().int().positive(), host: text }),
    personal: nothingPersonal,
  },
  "effect.observed": {
    data: z.object({
      ...effectRef,
      attempt: z.number().int().nonnegative(),
      vendorId: id.optional(),
      how: z.enum(["answer", "read-back"]),
      /** Keyed hash of what was seen there, to tell later whether a person changed it. */
      digest: text.optional(),
    }),
    personal: nothingPersonal,
  },
  "effect.failed": {
    data: z.object({
      ...effectRef,
      attempt: z.number().int().nonnegative(),
      /** false: surely not applied and tried again; true: given up. */
      final: z.boolean(),
      because: text,
      status: z.number().int().optional(),
    }),
    personal: nothingPersonal,
  },
  /** It may have happened and nothing can be read back: shown to people, never retried blindly. */
  "effect.unknown": {
    data: z.object({ ...effectRef, attempt: z.number().int().positive(), because: text }),
    personal: nothingPersonal,
  },
  "effect.skipped": { data: z.object({ ...effectRef, because: text }), personal: nothingPersonal },
} satisfies Record<string, { data: z.ZodObject; personal: z.ZodObject }>;

export type EventType = keyof typeof catalogue;
export type EventData<T extends EventType> = z.output<(typeof catalogue)[T]["data"]>;
export type EventPersonal<T extends EventType> = z.output<(typeof catalogue)[T]["personal"]>;

/** The current version of every event is 1 until one is succeeded; older ones are upcast on read. */
export const eventVersion = 1;

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(catalogue, type);
}

/** Pairs of streams that an event declares to be the same subject. The log keeps them beside the events. */
export function linksOf(type: EventType, data: Record<string, unknown>): [string, string][] {
  const value = (name: string) => (typeof data[name] === "string" ? data[name] : undefined);
  if (type.startsWith("call.")) {
    const [byId, byUuid] = [value("callId"), value("callUuid")];
    return byId && byUuid ? [[stream.callById(byId), stream.callByUuid(byUuid)]] : [];
  }
  if (type === "contact.linked") {
    const [cloudtalk, ghl] = [value("cloudtalkContactId"), value("ghlContactId")];
    return cloudtalk && ghl ? [[stream.cloudtalkContact(cloudtalk), stream.ghlContact(ghl)]] : [];
  }
  return [];
}
