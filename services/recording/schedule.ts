import type { Call, LogEvent } from "@callbridge/events";
import type { RecordingLimits } from "./limits.ts";

/** When to look for a call's recording. All times in milliseconds since 1970. */
export type Schedule = {
  firstMs: number;
  /** The look after `nowMs`; the last one is at `giveUpMs`. */
  nextMs: (nowMs: number) => number;
  /** From when on "not there" or "too slow" is the final answer. */
  giveUpMs: { "not-found": number; "too-slow": number };
};

/** Somebody at CloudTalk said that a recording exists: by its event, by a transcript made from it, or by its link. */
export function isAnnounced(event: LogEvent, call: Call): boolean {
  return call.recordingAnnounced || call.recordingUrl !== undefined || event.type === "call.transcript_ready";
}

/** Depends on nothing but the event and the call, so that a wake finds the same schedule that it was set by. */
export function scheduleOf(event: LogEvent, call: Call, limits: RecordingLimits): Schedule {
  const recorded = Date.parse(event.recordedAt);
  // The vendor's clock, or a time zone that it did not state, may put the end of the call behind our own record of it.
  const ended = Math.min(Date.parse(call.endedAt ?? call.firstAt ?? event.recordedAt), recorded);
  const announced = isAnnounced(event, call);
  const looks = announced
    ? [0, ...limits.retryAtMs].map((offset) => recorded + offset)
    : limits.unannouncedAtMs.map((offset) => ended + offset);
  const grace = announced ? recorded + limits.announcedGraceMs : 0;
  const giveUp = Math.max(ended + limits.notReadyGiveUpMs, grace);
  return {
    firstMs: looks[0] ?? recorded,
    nextMs: (nowMs) => Math.min(looks.find((at) => at > nowMs) ?? giveUp, giveUp),
    giveUpMs: { "not-found": giveUp, "too-slow": recorded + limits.slowGiveUpMs },
  };
}
