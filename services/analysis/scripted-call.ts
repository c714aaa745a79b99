import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { EventData, LogEvent, LogEventOf } from "@callbridge/events";
import type { Context, Decision } from "@callbridge/service";
import { createStorage } from "@callbridge/storage";
import { afterAll, afterEach, expect } from "vitest";
import { type AnalysisDeps, analysisHandlers } from "./handler.ts";
import { type Reply, type StandIn, startStandIn } from "./openai-stand-in.ts";
import { saidInCall } from "./sample-call.ts";

/* Given a call and a scripted model server: what the tests of both handlers share. */

export const stream = "call:n:4711";
const sha256 = "0".repeat(64);
const directory = mkdtempSync(path.join(tmpdir(), "callbridge-analysis-"));
export const storage = createStorage({ url: pathToFileURL(directory).href, key: randomBytes(32) });
export const hash = (text: string) => createHash("sha256").update(`test key ${text}`).digest("hex");
const now = new Date("2026-11-22T10:00:00Z");
export const context: Context = { now, hash, once: (_name, read) => read(), signal: new AbortController().signal };
export const transcriptRef = `transcript/${hash(stream)}`;

const standIns: StandIn[] = [];
afterEach(() => {
  for (const standIn of standIns.splice(0)) standIn.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

export const envelope = {
  ...{ account: "default", stream, key: "k", version: 1, source: "test", erased: false },
  ...{ time: now.toISOString(), recordedAt: now.toISOString(), correlationId: "c" },
  ...{ causationId: undefined, traceparent: undefined },
};
export function recordingStored(over: Partial<EventData<"recording.stored">> = {}): LogEventOf<"recording.stored"> {
  const audio = { ref: "recording/1", sha256, bytes: 5, mediaType: "audio/mpeg", durationSeconds: 73, ...over };
  return { ...envelope, id: "e1", position: 1, type: "recording.stored", data: audio, personal: {} };
}
export function transcribed(over: Partial<EventData<"call.transcribed">> = {}): LogEventOf<"call.transcribed"> {
  const transcript = { ref: transcriptRef, sha256, bytes: 900, outcome: "speech" as const, segments: 6, words: 80 };
  const data = { ...transcript, model: "whisper-1", ...over };
  return { ...envelope, id: "e2", position: 2, type: "call.transcribed", data, personal: {} };
}

/** Given events and a scripted model server, when the last event is handled, then this is decided. */
export async function decide(
  events: LogEvent[],
  replies: Reply[],
  over: Partial<AnalysisDeps> & { model?: string } = {},
) {
  const standIn = await startStandIn(replies);
  standIns.push(standIn);
  const server = { apiKey: "sk-test", baseUrl: standIn.baseUrl };
  const speech = { ...server, model: over.model ?? "whisper-1" };
  const deps = { speech, language: { ...server, model: "gpt-6-luna" }, storage, ...over };
  const event = events.at(-1);
  const handler = analysisHandlers(deps).find(({ on }) => on.some((type) => type === event?.type));
  if (!event || !handler) throw new Error("nothing listens");
  return handler.decide(event, handler.fold(events), context);
}
export async function transcribe(replies: Reply[], over: Parameters<typeof decide>[2] = {}) {
  await storage.put("recording/1", Buffer.from("audio"));
  return decide([recordingStored()], replies, over);
}
export async function analyse(replies: Reply[], over: Parameters<typeof decide>[2] = {}, said: string[] = saidInCall) {
  const segments = said.map((text, index) => ({ start: index * 5, end: index * 5 + 4, text }));
  const transcript = { version: 1, model: "whisper-1", text: said.join(" "), segments };
  await storage.put(transcriptRef, Buffer.from(JSON.stringify(transcript)));
  return decide([recordingStored(), transcribed()], replies, over);
}
export const factOf = (decision: Decision) => {
  expect(decision.append).toHaveLength(1);
  return decision.append?.[0];
};
/** What the model server has received, last decision only. */
export const requests = () => standIns.at(-1)?.received ?? [];
export const stored = async (ref: string): Promise<unknown> =>
  JSON.parse((await storage.readAll(ref, 1_000_000)).toString("utf8"));
export const errorOf = (decision: Promise<Decision>) =>
  decision.then(
    (decided) => expect.unreachable(JSON.stringify(decided)),
    (error: unknown) => error,
  );
