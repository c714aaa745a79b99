import type { OpenAI } from "openai";
import { toFile } from "openai";
import { z } from "zod";
import { languageCode } from "./language.ts";
import { type Answer, ask, type ModelServer, modelClient, type Refusal } from "./model-server.ts";
import type { Transcript } from "./transcript.ts";

type Heard = { transcript: Transcript; requestId: string | undefined };
export type Transcribe = (
  audio: { content: Buffer; mediaType: string },
  context: { now: Date; signal: AbortSignal },
) => Promise<Heard | Refusal>;

/** Speech to text over `POST {baseUrl}/audio/transcriptions`. Errors: see `ask`. Shapes: facts/openai.md 1.1 and 3. */
export function transcriber(server: ModelServer, timeoutMs: number): Transcribe {
  const client = modelClient(server, timeoutMs);
  const { model } = server;

  return async ({ content, mediaType }, context) => {
    // A buffer with a name and a type: servers tell the format by them.
    const file = await toFile(content, `call.${extensionOf(mediaType)}`, { type: mediaType });
    const send = (format: "json" | "verbose_json") =>
      ask("speech-to-text", create(client, { file, model, format, signal: context.signal }), context);

    let answer = await send(givesTextOnly(model) ? "json" : "verbose_json");
    if ("refused" in answer && !givesTextOnly(model) && complainsOfFormat(answer)) answer = await send("json");
    return "refused" in answer ? answer : { transcript: transcriptOf(answer, model), requestId: answer.requestId };
  };
}

type Request = { file: File; model: string; format: "json" | "verbose_json"; signal: AbortSignal };

function create(client: OpenAI, { file, model, format, signal }: Request) {
  // The diarizing model refuses more than 30 s of audio without it.
  const chunking = model.includes("diarize") ? { chunking_strategy: "auto" as const } : {};
  return client.audio.transcriptions
    .create({ file, model, response_format: format, ...chunking }, { signal })
    .withResponse();
}

/** OpenAI's GPT models answer text only and refuse `verbose_json`; whisper-1 and local servers give segments with times. */
function givesTextOnly(model: string): boolean {
  return /^gpt-.*transcribe/.test(model);
}

/** Whatever the shape of the complaint, it names the field; one without a body is worth one attempt as well. */
function complainsOfFormat({ complaint }: Refusal): boolean {
  return /response_format|verbose_json|\(no body\)/i.test(complaint);
}

const extensions: Record<string, string> = {
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/mpeg": "mp3",
  "audio/ogg": "ogg",
  "audio/webm": "webm",
  "audio/mp4": "m4a",
  "audio/flac": "flac",
};

/** The recording service names what it found in the bytes. For anything else: CloudTalk's format is WAV. */
function extensionOf(mediaType: string): string {
  return extensions[mediaType.split(";")[0]?.trim().toLowerCase() ?? ""] ?? "wav";
}

/** Everything but the text may be missing or odd: local servers leave fields out and count in their own units. */
const number = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d+(\.\d+)?$/)
      .transform(Number),
  ])
  .optional()
  .catch(undefined);
const segmentSchema = z.object({
  start: number,
  end: number,
  text: z.string().catch(""),
  no_speech_prob: number,
  avg_logprob: z.number().optional().catch(undefined),
});
const answerSchema = z.object({
  text: z.string().optional(),
  language: z.string().optional().catch(undefined),
  languages: z
    .array(z.object({ code: z.string() }))
    .optional()
    .catch(undefined),
  duration: number,
  usage: z.object({ seconds: number }).optional().catch(undefined),
  segments: z.array(segmentSchema).optional().catch(undefined),
});
type Segment = z.infer<typeof segmentSchema>;

function transcriptOf({ data }: Answer, model: string): Transcript {
  const answer = answerSchema.safeParse(data);
  if (!answer.success || (answer.data.text === undefined && answer.data.segments === undefined)) {
    throw new Error("speech-to-text: an answer without text");
  }
  const { text, language, languages, duration, usage, segments = [] } = answer.data;
  const spoken = segments.filter((segment) => !isHallucination(segment));
  const whole = text === undefined || spoken.length < segments.length ? joined(spoken) : text.trim();
  return {
    version: 1,
    model,
    language: languageCode(language ?? languages?.[0]?.code),
    text: whole,
    segments: inSeconds(spoken),
    audioSeconds: seconds(duration ?? usage?.seconds),
  };
}

/** Whisper invents sentences for silence; then both numbers say so (facts/openai.md 5.1). */
function isHallucination({ no_speech_prob, avg_logprob }: Segment): boolean {
  return no_speech_prob !== undefined && avg_logprob !== undefined && no_speech_prob > 0.6 && avg_logprob < -1;
}

function joined(segments: Segment[]): string {
  return segments
    .map(({ text }) => text.trim())
    .join(" ")
    .trim();
}

function inSeconds(segments: Segment[]): Transcript["segments"] {
  const unit = segments.some(({ end = 0 }) => end > secondsMax) ? nanosecondsPerSecond : 1;
  return segments.flatMap(({ start, end, text }) => {
    if (start === undefined || end === undefined || text.trim() === "") return [];
    return [{ start: start / unit, end: end / unit, text: text.trim() }];
  });
}

/** LocalAI gives nanoseconds. No call lasts a million seconds, and no segment ends within its first millisecond. */
const secondsMax = 1e6;
const nanosecondsPerSecond = 1e9;

function seconds(value: number | undefined): number | undefined {
  return value !== undefined && value > secondsMax ? value / nanosecondsPerSecond : value;
}
