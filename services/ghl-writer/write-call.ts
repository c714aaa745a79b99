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
      const written = latest(call, "ghl.note", ghlContactId);
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
  const [firstNote, ...moreNotes] = writesOf(call, "ghl.note");
  const name = firstNote ? firstNote.target.replace(/^ghl-note:/, "") : (call.stream ?? "");
  const intend: Intent[] = [];
  if (written?.input?.body !== body) {
    const revision = ((moreNotes.at(-1) ?? firstNote)?.revision ?? 0) + 1;
    const target = `ghl-note:${name}`;
    intend.push({ kind: "ghl.note", effect: `note:${name}:${revision}`, target, revision, input: { contactId, body } });
  }
  const logged = writesOf(call, "ghl.call_log").length;
  if (
    deps.logCalls &&
    !latest(call, "ghl.call_log", contactId) &&
    call.outcome !== "unknown" &&
    call.externalPhone &&
    call.direction &&
    call.direction !== "internal"
  ) {
    intend.push({
      kind: "ghl.call_log",
      effect: logged === 0 ? `call-log:${name}` : `call-log:${name}:${logged + 1}`,
      target: `ghl-call-log:${name}`,
      revision: logged + 1,
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
  const fields = latest(call, "ghl.fields", contactId);
  const values = fieldValues(call, recordingLink);
  if (JSON.stringify(fields?.input?.values) !== JSON.stringify(values)) {
    // The time of the call orders the writes of several calls to one contact: an older call never overwrites a newer one.
    const time = new Date(call.endedAt ?? call.startedAt ?? call.firstAt ?? 0).getTime();
    intend.push({
      kind: "ghl.fields",
      effect: `fields:${name}:${writesOf(call, "ghl.fields").length + 1}${complete ? "c" : ""}`,
      target: `ghl-fields:${contactId}`,
      revision: time + (complete ? 0.5 : 0),
      input: { contactId, values },
    });
  }
  return { intend };
}

/** The writes of this kind in the order in which they were intended. */
function writesOf({ effects }: Call, kind: EffectKind): Effect[] {
  return [...effects.values()].filter((effect) => effect.kind === kind).sort((a, b) => a.intendedAt - b.intendedAt);
}

/**
 * The last one that counts for this contact: meant for it, or seen at one that has since been merged into it. What another
 * contact refused, because it is gone, has to be written again.
 */
function latest(call: Call, kind: EffectKind, contactId: GhlContactId): Effect | undefined {
  return writesOf(call, kind).findLast(({ end, input }) => end === "observed" || input?.contactId === contactId);
}
