import { type Heard, hear } from "./hearing.ts";
import { openaiError, unknownModel } from "./openai-answer.ts";
import { type Answer, ok, type Route, type TwinRequest } from "./route.ts";
import type { World } from "./world.ts";

/** The vendor's upload limit (facts/openai.md §1.2). */
const uploadBytesMax = 26_214_400;

/** Which formats each model answers in (facts/openai.md §1.1); whisper-1 is the only one with timestamps. */
const formatsOf = (model: string): string[] => {
  if (model.endsWith("-diarize")) return ["json", "text", "diarized_json"];
  if (model.startsWith("gpt-")) return ["json", "text"];
  return ["json", "text", "srt", "verbose_json", "vtt"];
};

export function transcriptionRoutes(world: World): Route[] {
  return [
    {
      vendor: "openai",
      operation: "audio.transcriptions",
      method: "POST",
      path: "/audio/transcriptions",
      handle: (request) => transcribe(world, request),
    },
  ];
}

async function transcribe(world: World, { body, headers }: TwinRequest): Promise<Answer> {
  const form = await readForm(body, headers["content-type"]);
  if (form === undefined) return openaiError(400, "Could not parse multipart form");
  const file = form.get("file");
  const model = String(form.get("model") ?? "");
  if (!(file instanceof File)) return openaiError(400, "file is required", { param: "file" });
  if (model === "") return openaiError(400, "you must provide a model parameter", { param: "model" });
  if (!world.settings.openaiModels.includes(model)) return unknownModel(model);
  const audio = Buffer.from(await file.arrayBuffer());
  if (audio.length > uploadBytesMax) {
    const message = `Maximum content size limit (${uploadBytesMax}) exceeded (${audio.length} bytes read)`;
    return openaiError(413, message, { type: "server_error" });
  }
  if (!/\.(flac|mp3|mp4|mpeg|mpga|m4a|ogg|wav|webm)$/i.test(file.name)) {
    return openaiError(400, "Unrecognized file format.", { param: "file" });
  }
  const format = String(form.get("response_format") ?? "json");
  if (!formatsOf(model).includes(format)) {
    const message = `response_format '${format}' is not compatible with model '${model}'.`;
    return openaiError(400, message, { param: "response_format", code: "unsupported_value" });
  }
  const granularities = form.getAll("timestamp_granularities[]").map(String);
  if (granularities.length > 0 && format !== "verbose_json") {
    return openaiError(400, "timestamp_granularities needs response_format verbose_json", {
      param: "timestamp_granularities",
    });
  }
  const heard = hear(audio, world.settings.unknownAudioText);
  return show(heard, model, format, granularities.includes("word"));
}

/** Node's own parser: takes buffered and chunked uploads alike, since Fastify has joined the chunks by now. */
async function readForm(body: unknown, type: string | undefined): Promise<FormData | undefined> {
  if (!Buffer.isBuffer(body) || !type?.startsWith("multipart/form-data")) return undefined;
  try {
    return await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  } catch (cause) {
    // A malformed upload is the client's 400, nothing the twin should stop for.
    if (cause instanceof TypeError) return undefined;
    throw cause;
  }
}

function show(heard: Heard, model: string, format: string, words: boolean): Answer {
  const text = heard.turns.map((turn) => turn.text).join(" ");
  const duration = { type: "duration", seconds: Math.round(heard.seconds) };
  switch (format) {
    case "text":
      return { status: 200, type: "text/plain; charset=utf-8", body: `${text}\n` };
    case "srt":
    case "vtt":
      return { status: 200, type: "text/plain; charset=utf-8", body: subtitles(heard, format) };
    case "diarized_json":
      return ok({
        task: "transcribe",
        duration: heard.seconds,
        text,
        segments: heard.turns.map((turn, i) => ({
          type: "transcript.text.segment",
          id: `seg_${String(i + 1).padStart(3, "0")}`,
          start: turn.start,
          end: turn.end,
          text: turn.text,
          speaker: turn.speaker === "agent" ? "A" : "B",
        })),
        usage: duration,
      });
    case "verbose_json":
      return ok({
        task: "transcribe",
        language: "english",
        duration: heard.seconds,
        text,
        segments: heard.turns.map(segment),
        ...(words ? { words: heard.turns.flatMap(wordsOf) } : {}),
        usage: duration,
      });
    default:
      return ok({
        text,
        ...(model === "gpt-transcribe" ? { languages: text === "" ? [] : [{ code: "en" }] } : {}),
        usage: model === "whisper-1" ? duration : tokens(heard, text),
      });
  }
}

const tokens = (heard: Heard, text: string): unknown => {
  const input = Math.ceil(heard.seconds * 10);
  const output = Math.ceil(text.length / 4);
  return {
    type: "tokens",
    input_tokens: input,
    input_token_details: { text_tokens: 0, audio_tokens: input },
    output_tokens: output,
    total_tokens: input + output,
  };
};

const segment = (turn: Heard["turns"][number], id: number): unknown => ({
  id,
  seek: Math.floor(turn.start / 30) * 3000,
  start: turn.start,
  end: turn.end,
  text: ` ${turn.text}`,
  tokens: turn.text.split(" ").map((_, i) => 50_364 + i),
  temperature: 0,
  avg_logprob: -0.28,
  compression_ratio: 1.24,
  no_speech_prob: 0.01,
});

/** The words of a turn spread evenly over its time. */
function wordsOf(turn: Heard["turns"][number]): unknown[] {
  const all = turn.text.split(" ");
  const each = (turn.end - turn.start) / all.length;
  return all.map((word, i) => ({
    word: word.replace(/[.,!?]$/, ""),
    start: Number((turn.start + i * each).toFixed(2)),
    end: Number((turn.start + (i + 1) * each).toFixed(2)),
  }));
}

function subtitles(heard: Heard, format: "srt" | "vtt"): string {
  const time = (seconds: number) => {
    const text = new Date(seconds * 1000).toISOString().slice(11, 23);
    return format === "srt" ? text.replace(".", ",") : text;
  };
  const cues = heard.turns.map((turn, i) => `${i + 1}\n${time(turn.start)} --> ${time(turn.end)}\n${turn.text}\n`);
  return (format === "vtt" ? "WEBVTT\n\n" : "") + cues.join("\n");
}
