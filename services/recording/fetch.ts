import assert from "node:assert/strict";
import type { EventData } from "@callbridge/events";
import { type Storage, StorageError } from "@callbridge/storage";
import { describeAudio, mediaTypeOf } from "./audio.ts";
import { bounded, peek, TooSlow } from "./body.ts";
import type { Because, Source } from "./download.ts";
import type { RecordingLimits } from "./limits.ts";

/** `later`: not there now, and what to call it if it never comes. `unavailable`: looking again cannot help. */
export type Fetched =
  | { stored: EventData<"recording.stored"> }
  | { later: "not-found" | "too-slow"; detail?: string | undefined }
  | { unavailable: Because; detail?: string | undefined };

export type FetchOptions = { storage: Storage; name: string; limits: RecordingLimits; signal: AbortSignal };

/**
 * Asks the sources in order until one gives the recording, or says that it is gone or too large, which no other source can
 * change. When none does, "later" outweighs an outage, so that one source's failure does not use up the attempts while the
 * other only needs time; and an outage outweighs a refusal, because the source that is down may have what the other has not.
 */
export async function fetchRecording(sources: readonly Source[], options: FetchOptions): Promise<Fetched> {
  let later: Fetched | undefined;
  let refusal: Fetched | undefined;
  let outage: unknown;
  for (const source of sources) {
    try {
      const fetched = await fetchFrom(source, options);
      if ("stored" in fetched) return fetched;
      if ("later" in fetched) later = fetched;
      else if (fetched.unavailable === "expired" || fetched.unavailable === "too-large") return fetched;
      else refusal = fetched;
    } catch (error) {
      options.signal.throwIfAborted();
      outage = error;
    }
  }
  if (later) return later;
  if (outage !== undefined) throw outage;
  assert(refusal, "a recording was fetched from no source at all");
  return refusal;
}

async function fetchFrom(source: Source, { storage, name, limits, signal }: FetchOptions): Promise<Fetched> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const { bytesMax, idleMs, totalMs, headBytes } = limits;
  try {
    const opened = await source(both);
    if ("notYet" in opened) return { later: "not-found", detail: opened.detail };
    if ("gone" in opened) return { unavailable: "expired" };
    if ("refused" in opened) return { unavailable: opened.refused, detail: opened.detail };
    const declared = opened.contentLength;
    if (declared !== undefined && declared > bytesMax) return { unavailable: "too-large" };

    const { head, whole } = await peek(bounded(opened.body, { idleMs, totalMs, declared, signal: both }), headBytes);
    if (head.length === 0) return { unavailable: "empty" };
    const mediaType = await mediaTypeOf(head);
    if (!mediaType) return { unavailable: "not-audio" };

    const stored = { ...(await storage.put(name, whole, { bytesMax, signal: both })), mediaType };
    const facts = await describeAudio(storage, stored, { signal: both, timeoutMs: limits.describeMs });
    if (facts.durationSeconds !== 0) return { stored: { ...stored, ...facts } };
    await storage.delete(stored.ref);
    return { unavailable: "empty", detail: "a header without audio" };
  } catch (error) {
    if (error instanceof TooSlow) return { later: "too-slow" };
    if (error instanceof StorageError && error.problem === "too-large") return { unavailable: "too-large" };
    throw error;
  } finally {
    stop.abort(); // Ends whatever the source still has open.
  }
}
