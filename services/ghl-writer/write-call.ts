import {
  awaited,
  type Call,
  type Effect,
  type EffectKind,
  foldCall,
  type GhlContactId,
  type Intent,
} from "@callbridge/events";
import type { Decision, Handler } from "@callbridge/service";
import { fieldValues } from "./fields.ts";
import { renderNote } from "./note.ts";

export type WriteCallDeps = {
  timeZone: string;
  /** How long the first write waits for the analysis. Milliseconds since the call was known to be over. */
  noteDelayMs: number;
  /** Address of a stored recording for people; undefined when nobody outside could reach it. */
  recordingLink: (ref: string) => string | undefined;
  /** Whether calls go into the conversation history. */
  logCalls: boolean;
};

/** Writes a call to its contact: one note, one entry in the history, the fields. Whichever fact comes last triggers. */
export function writeCallHandler(deps: WriteCallDeps): Handler<Call> {
  return {
    name: "write-call",
    on: [
      "call.identified",
      "call.matched",
      "recording.stored",
      "recording.unavailable",
      "call.transcribed",
      "call.transcription_failed",
      "call.analysed",
      "call.analysis_failed",
    ],
    fold: foldCall,
    decide: (_event, call, { now }) => {
      if (!call.identified || !call.contact || "unmatched" in call.contact || call.erased) return {};
      const { ghlContactId } = call.contact;
      const written = latest(call, "ghl.note");
      const complete = awaited(call) === undefined;
      if (!written && !complete) {
        const at = new Date(call.overAt ?? now).getTime() + deps.noteDelayMs;
        if (now.getTime() < at) return { wake: [{ key: `note:${call.stream}`, at: new Date(at) }] };
      }
      // After the first write only the complete picture is worth another one.
      if (written && !complete) return {};
      return write(call, ghlContactId, written, deps, complete);
    },
  };
}

function write(
  call: Call,
  contactId: GhlContactId,
  written: Effect | undefined,
  deps: WriteCallDeps,
  complete: boolean,
): Decision {
  const recording = call.recording && "ref" in call.recording ? call.recording.ref : undefined;
  const recordingLink = recording === undefined ? undefined : deps.recordingLink(recording);
  const body = renderNote(call, { timeZone: deps.timeZone, recordingLink });
  // Names of effects must not change when a second id of the call becomes known, so they come from the first write.
  const name = written ? written.target.replace(/^ghl-note:/, "") : (call.stream ?? "");
  const intend: Intent[] = [];
  if (written?.input?.body !== body) {
    const revision = (written?.revision ?? 0) + 1;
    const target = `ghl-note:${name}`;
    intend.push({ kind: "ghl.note", effect: `note:${name}:${revision}`, target, revision, input: { contactId, body } });
  }
  if (
    deps.logCalls &&
    !latest(call, "ghl.call_log") &&
    call.outcome !== "unknown" &&
    call.externalPhone &&
    call.direction &&
    call.direction !== "internal"
  ) {
    intend.push({
      kind: "ghl.call_log",
      effect: `call-log:${name}`,
      target: `ghl-call-log:${name}`,
      revision: 1,
      input: {
        contactId,
        direction: call.direction,
        outcome: call.outcome,
        at: call.startedAt ?? call.endedAt ?? call.firstAt,
        externalPhone: call.externalPhone,
        internalPhone: call.internalPhone,
        ...(call.talkingSeconds !== undefined && { talkingSeconds: call.talkingSeconds }),
        ...(recordingLink && { recordingLink }),
      },
    });
  }
  const fields = latest(call, "ghl.fields");
  const values = fieldValues(call, recordingLink);
  if (JSON.stringify(fields?.input?.values) !== JSON.stringify(values)) {
    // The time of the call orders the writes of several calls to one contact: an older call never overwrites a newer one.
    const time = new Date(call.endedAt ?? call.startedAt ?? call.firstAt ?? 0).getTime();
    intend.push({
      kind: "ghl.fields",
      effect: `fields:${name}:${fields ? 2 : 1}${complete ? "c" : ""}`,
      target: `ghl-fields:${contactId}`,
      revision: time + (complete ? 0.5 : 0),
      input: { contactId, values },
    });
  }
  return { intend };
}

/** The write of this kind that was intended last. */
function latest(call: Call, kind: EffectKind): Effect | undefined {
  return [...call.effects.values()]
    .filter((effect) => effect.kind === kind)
    .sort((a, b) => b.intendedAt - a.intendedAt)[0];
}
