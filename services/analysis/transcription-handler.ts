import { type Call, foldCall, isEvent } from "@callbridge/events";
import type { Decision, Handler } from "@callbridge/service";
import type { Storage } from "@callbridge/storage";
import type { AnalysisLimits } from "./limits.ts";
import type { Transcribe } from "./transcribe.ts";
import { type Transcript, wordCount } from "./transcript.ts";

type Deps = { transcribe: Transcribe; storage: Pick<Storage, "readAll" | "put">; limits: AnalysisLimits };

/** A stored recording → what was said in it, as an object in storage and a fact about it. */
export function transcriptionHandler({ transcribe, storage, limits }: Deps): Handler<Call> {
  return {
    name: "transcription",
    on: ["recording.stored"],
    fold: foldCall,
    lease: (event, call) => (call.transcript ? undefined : `transcript:${call.stream ?? event.stream}`),

    async decide(event, call, context): Promise<Decision> {
      if (!isEvent(event, "recording.stored") || call.transcript || call.erased) return {};
      const stream = call.stream ?? event.stream;
      const recording = event.data;
      if (recording.bytes > limits.audioBytesMax)
        return failed(stream, tooLarge(recording.bytes, limits.audioBytesMax));

      const content = await storage.readAll(recording.ref, limits.audioBytesMax);
      const heard = await transcribe({ content, mediaType: recording.mediaType }, context);
      if ("refused" in heard) return failed(stream, heard.refused);

      const { requestId } = heard;
      const audioSeconds = heard.transcript.audioSeconds ?? recording.durationSeconds;
      const transcript: Transcript = { ...heard.transcript, audioSeconds };
      const stored = await storage.put(`transcript/${context.hash(stream)}`, Buffer.from(JSON.stringify(transcript)));
      const words = wordCount(transcript.text);
      const { language, model, segments } = transcript;
      const outcome = words > 0 ? ("speech" as const) : ("no-speech" as const);
      const facts = { ...stored, outcome, words, segments: segments.length, language, model, audioSeconds, requestId };
      return { append: [{ type: "call.transcribed", stream, key: keyOf(stream), data: facts, personal: {} }] };
    },
  };
}

/** One call has one verdict, transcript or failure: whoever comes second is refused. */
const keyOf = (stream: string) => ({ fact: `${stream}/transcript` });

function failed(stream: string, because: string): Decision {
  return {
    append: [{ type: "call.transcription_failed", stream, key: keyOf(stream), data: { because }, personal: {} }],
  };
}

function tooLarge(bytes: number, bytesMax: number): string {
  const mebibytes = (value: number) => `${(value / 1024 / 1024).toFixed(1)} MiB`;
  return `too-large: ${mebibytes(bytes)}, at most ${mebibytes(bytesMax)} can be sent; long recordings are not split yet`;
}
