import { z } from "zod";

/** How the twin behaves. Every duration is in milliseconds and realistic but short, so that tests and demos stay fast. */
export const twinSettingsSchema = z.strictObject({
  /** Base URL of Callbridge, or of one of its accounts (`…/api/a/<account>`); webhooks are recorded but not sent while it is null. */
  webhookTarget: z.url().nullable().default(null),
  /** Sent as `Authorization: Bearer` with workflow webhooks (CloudTalk automations and GHL workflows). */
  webhookSecret: z.string().default("twin-webhook-secret"),
  /** The GHL side's secret where it differs; null means `webhookSecret`. */
  ghlWebhookSecret: z.string().nullable().default(null),
  /** Svix and GHL both give up on an answer after about this long. */
  webhookTimeoutMs: z.number().int().positive().default(15_000),
  /** Where others reach the twin (recording links), if not under its own address, e.g. in containers. */
  publicUrl: z.url().nullable().default(null),

  /** Analytics answers 404 for this long after hang-up (facts/cloudtalk.md §0 item 13). */
  analyticsReadyMs: z.number().int().nonnegative().default(500),
  /** Conversation Intelligence answers 404 for this long after hang-up. */
  intelligenceReadyMs: z.number().int().nonnegative().default(800),
  /** A recording answers 404 for this long after hang-up, or until its webhook was sent, whichever comes first. */
  recordingReadyMs: z.number().int().nonnegative().default(1_000),
  /** Makes the recording webhook lie: the audio answers 404 for this long after the webhook. */
  recordingLateMs: z.number().int().nonnegative().default(0),
  /** `wav` is what CloudTalk serves (`audio/x-wav`); `mp3` serves the smaller file with its honest content type. */
  recordingFormat: z.enum(["wav", "mp3"]).default("wav"),
  /** Zone of `date_from` and `date_to` without one: whether company time or UTC is not known (facts/cloudtalk.md §6). */
  historyOffsetMinutes: z.number().int().default(0),
  /** The paid add-on; without it every CI endpoint answers 404. */
  intelligenceEnabled: z.boolean().default(true),

  /** GHL's search index and CloudTalk's contact list see a contact this much later; facts say about 2 s. */
  searchLagMs: z.number().int().nonnegative().default(300),
  /** Creates are answered at once but cannot be read back before this much later; also the default of `apply-late`. */
  applyDelayMs: z.number().int().nonnegative().default(0),
  /** Every vendor answer waits this long. */
  latencyMs: z.number().int().nonnegative().default(0),

  /** CloudTalk: 60 operations a minute per company (facts/cloudtalk.md §1.2). */
  cloudtalkOperationsMax: z.number().int().positive().default(60),
  cloudtalkWindowMs: z.number().int().positive().default(60_000),
  /** GHL: 100 requests in 10 s and 200,000 a day per location (facts/ghl.md §6). */
  ghlRequestsMax: z.number().int().positive().default(100),
  ghlWindowMs: z.number().int().positive().default(10_000),
  ghlDailyMax: z.number().int().positive().default(200_000),
  /** How long OAuth access tokens given from now on live (facts/ghl.md §2). */
  ghlAccessTokenMs: z.number().int().nonnegative().default(86_399_000),

  /** Share of vendor requests (0..1) that end in a 5xx before anything is applied, drawn from `errorSeed`. */
  errorRate: z.number().min(0).max(1).default(0),
  errorSeed: z.number().int().default(1),

  /** Own API writes come back as webhooks, as they do at the vendors. */
  echoWrites: z.enum(["off", "workflow", "app", "both"]).default("off"),

  /** Location settings of GHL (facts/ghl.md §7); the vendor's default looks e-mail up first. */
  allowDuplicateContacts: z.boolean().default(false),
  dedupOrder: z.array(z.enum(["email", "phone"])).default(["email", "phone"]),
  /** Issue #258: a call message read by id carries no attachments. */
  callAttachmentsReadable: z.boolean().default(false),

  /** What the speech-to-text says about audio that it has never heard. */
  unknownAudioText: z.string().default("Hello, this is a recording the twin does not know."),
  openaiModels: z
    .array(z.string())
    .default([
      "whisper-1",
      "gpt-transcribe",
      "gpt-4o-transcribe",
      "gpt-4o-mini-transcribe",
      "gpt-4o-transcribe-diarize",
      "gpt-6-luna",
      "gpt-6.1-terra",
    ]),
});

export type TwinSettings = z.infer<typeof twinSettingsSchema>;

/** Merges a patch over the current settings; an unknown name is refused, because a typo would silently test nothing. */
export function mergeSettings(current: Partial<TwinSettings>, patch: Record<string, unknown>): TwinSettings {
  return twinSettingsSchema.parse({ ...current, ...patch });
}
