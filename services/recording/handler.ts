import type { LookupAddress } from "node:dns";
import { type Call, foldCall, type LogEvent, stream as streamNames } from "@callbridge/events";
import type { Decision, Handler } from "@callbridge/service";
import type { Storage } from "@callbridge/storage";
import { linkSources, type Opened, type Source } from "./download.ts";
import { type Fetched, fetchRecording } from "./fetch.ts";
import { type RecordingLimits, recordingLimits } from "./limits.ts";
import { isAnnounced, type Schedule, scheduleOf } from "./schedule.ts";

export type RecordingDeps = {
  /** CloudTalk's API; absent when it is not configured. `contentLength` only where nothing decompresses the body. */
  cloudtalk?: { recording: (callId: string, signal: AbortSignal) => Promise<Opened> } | undefined;
  storage: Storage;
  /** Hosts that may be fetched beside CloudTalk's own: `host` or `host:port`; naming one allows it even if it is private. */
  allowedHosts: readonly string[];
  /** Whatever is not given is as in `recordingLimits`. */
  limits?: Partial<RecordingLimits>;
  /** All addresses of a host; the system's resolver unless a test says otherwise. */
  resolve?: (host: string) => Promise<LookupAddress[]>;
  /** How it is brought from its sources into the storage; a simulation has a network of its own. */
  fetch?: typeof fetchRecording;
};

/**
 * Brings a call's recording into our storage, once, by whichever event first makes it possible, and says so with
 * `recording.stored` or `recording.unavailable` (one key: the first of them stands). Not there yet is a wake, not an error.
 * An outage (no connection, 5xx) throws: it says nothing about the recording, so it must not end in a fact that can never
 * be taken back. The runtime backs off and after its attempts keeps a dead letter, which a person can send again.
 */
export function recordingHandler({ cloudtalk, storage, allowedHosts, resolve, ...deps }: RecordingDeps): Handler<Call> {
  const { fetch = fetchRecording } = deps;
  const limits = { ...recordingLimits, ...deps.limits };
  const linkSource = linkSources({ allowedHosts, limits, resolve });

  return {
    name: "recording",
    on: ["call.recording_ready", "call.transcript_ready", "call.ended", "call.recovered", "call.identified"],
    fold: foldCall,

    lease: (event, call) =>
      isWanted(event, call) && sourcesOf(call).length > 0 ? `recording:${streamOf(event, call)}` : undefined,

    decide: async (event, call, { now, signal, hash }) => {
      if (!isWanted(event, call)) return {};
      const stream = streamOf(event, call);
      const schedule = scheduleOf(event, call, limits);
      if (now.getTime() < schedule.firstMs) return wake(stream, schedule.firstMs);
      const sources = sourcesOf(call);
      if (sources.length === 0) return withoutSource(stream, schedule, now.getTime());
      const name = `recording/${hash(stream)}`;
      return decisionOn(await fetch(sources, { storage, name, limits, signal }), stream, schedule, now.getTime());
    },
  };

  /** An announced recording, or the one that an answered call may have. Not for a call that is done, erased or was missed. */
  function isWanted(event: LogEvent, call: Call): boolean {
    if (call.recording || call.erased || call.outcome === "missed") return false;
    if (isAnnounced(event, call)) return true;
    const spoken = call.outcome === "answered" || call.outcome === "voicemail";
    return call.identified !== undefined && spoken && sourcesOf(call).length > 0;
  }

  /** The public link first: it costs no operation of the API's budget. */
  function sourcesOf({ recordingUrl, callId }: Call): Source[] {
    const sources = recordingUrl === undefined ? [] : [linkSource(recordingUrl)];
    // The API takes numeric ids only (facts/cloudtalk.md §0.12).
    if (cloudtalk && callId && /^\d{1,19}$/.test(callId)) sources.push((signal) => cloudtalk.recording(callId, signal));
    return sources;
  }
}

/** Announced, but neither a link nor a numeric id is known. The event that brings one looks; this only makes it end. */
function withoutSource(stream: string, { giveUpMs }: Schedule, nowMs: number): Decision {
  if (nowMs < giveUpMs["not-found"]) return wake(stream, giveUpMs["not-found"]);
  return unavailable(stream, "not-found", "neither a link nor a numeric id is known");
}

function decisionOn(fetched: Fetched, stream: string, { giveUpMs, nextMs }: Schedule, nowMs: number): Decision {
  if ("stored" in fetched) {
    const data = fetched.stored;
    return { append: [{ type: "recording.stored", stream, key: keyOf(stream), data, personal: {} }] };
  }
  if ("unavailable" in fetched) return unavailable(stream, fetched.unavailable, fetched.detail);
  const last = giveUpMs[fetched.later];
  return nowMs < last
    ? wake(stream, Math.min(nextMs(nowMs), last))
    : unavailable(stream, fetched.later, fetched.detail);
}

function unavailable(
  stream: string,
  because: Extract<Fetched, { unavailable: unknown }>["unavailable"],
  detail?: string,
): Decision {
  const data = { because, detail };
  return { append: [{ type: "recording.unavailable", stream, key: keyOf(stream), data, personal: {} }] };
}

function wake(stream: string, atMs: number): Decision {
  return { wake: [{ key: `${stream}/recording`, at: new Date(atMs) }] };
}

/** The same for both results, so that the log keeps one of them. */
function keyOf(stream: string) {
  return { fact: `${stream}/recording` };
}

/** Named by the numeric id as soon as it is known, so that the call has one lease and one key also while its ids meet. */
function streamOf(event: LogEvent, call: Call): string {
  return call.callId ? streamNames.callById(call.callId) : (call.stream ?? event.stream);
}
