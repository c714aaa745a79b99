import { awaited, type Call, type EventType, type LogEvent, tellsThatItIsOver } from "@callbridge/events";
import type { CallHistory } from "../history.ts";
import { type Why, whyNotDone } from "./stage.ts";
import { at, comingOf, isDead, redriveCommand, rewriteCommand } from "./waiting.ts";
import { said } from "./words.ts";
import type { Write } from "./writes.ts";

export type Known = { call: Call; writes: readonly Write[]; history: CallHistory; now: Date };

/** Why there is no note of the call in the CRM: the last step that was made, and what the next one waits for. Pure. */
export function whyNotInCrm(known: Known): Why {
  const { call, writes } = known;
  const note = writes.findLast(({ kind }) => kind === "ghl.note");
  const wasGivenUp = note?.state === "failed" && call.contact && "unmatched" in call.contact;
  if (note && !wasGivenUp) return whyNotWritten(note, "the note", known);
  if (call.erased) {
    return { because: "its personal data was erased before it was written; nothing is written any more", soon: false };
  }
  if (!call.identified) return whyNotIdentified(known);
  if (!call.contact) return whyNotMatched(known);
  if ("unmatched" in call.contact) return whyUnmatched(call.contact.unmatched, known);
  return whyNotIntended(known);
}

/** Why a write that was intended is not done. */
export function whyNotWritten(write: Write, name: string, { history, now }: Known): Why {
  const intended = history.events.find(
    (event) => event.type === "effect.intended" && event.data.effect === write.effect,
  );
  const rows = history.waiting.filter(({ position }) => position === intended?.position);
  const dead = rows.find(isDead);
  const because = write.because ?? "no reason was given";
  const rewrite = rewriteCommand(history.account, write.effect);
  if (dead) {
    const todo = `remove the cause, then ${redriveCommand(dead)}`;
    return { because: `${name} could not be carried out: ${dead.because}`, todo, soon: false };
  }
  const coming = comingOf(rows, "effects");
  const next = coming ? `, which happens at ${at(coming)}` : "";
  switch (write.state) {
    case "failed":
      return {
        because: `${name} was refused by ${write.host ?? "us"}: ${because}`,
        todo: `${afterRefusal(write)}, then ${rewrite}`,
        soon: false,
      };
    case "unknown":
      return {
        because: `${name} was sent and nobody knows whether it arrived: ${because}`,
        todo: `look whether it is there; it is not sent again by itself, because then it might be there twice (${rewrite} --accept-double does)`,
        soon: false,
        doubt: true,
      };
    case "skipped":
      return { because: `${name} was not written: ${because}`, soon: false };
    case "attempted":
      return {
        because: `${name} was sent (attempt ${write.attempts}) and the answer is not known; it is read back before anything is sent again${next}`,
        soon: true,
        doubt: true,
      };
    case "retrying":
      return {
        because: `${name} was not taken (attempt ${write.attempts}): ${because}; it is tried again${next}`,
        soon: true,
      };
    default: {
      const consumer = write.kind.startsWith("cloudtalk.") ? "contact-sync" : "ghl-writer";
      const what = `${name} is intended but not sent`;
      return whyNotDone({ consumer, reaction: "effects", what, trigger: intended }, { ...history, waiting: rows }, now);
    }
  }
}

function afterRefusal({ because = "" }: Write): string {
  if (/ (401|403)\b/.test(because)) return "check GHL_API_KEY and what it is allowed to do";
  if (/ 404\b/.test(because)) return "look whether the contact was deleted or merged";
  return "remove what was refused";
}

function whyNotIdentified({ call, history, now }: Known): Why {
  const trigger = lastOf(history.events, tellsThatItIsOver);
  if (!trigger) {
    const todo = "when it is over: is the call-ended webhook pointed here? WEBHOOKS shows what came";
    return { because: "no webhook has said that the call is over", todo, soon: true };
  }
  const missing = !call.callId ? "its numeric id" : !call.callUuid ? "its uuid" : "what became of it";
  const what = `which call this was is not certain yet (${missing} is missing)`;
  return whyNotDone({ consumer: "contact-sync", reaction: "identify", what, trigger }, history, now);
}

function whyNotMatched(known: Known): Why {
  const { call, writes, history, now } = known;
  if (!call.callId && !call.callUuid) {
    const todo =
      "put call_id or call_uuid into the webhook's template; the call itself is found by its other webhooks or the call history";
    return { because: "CloudTalk reported it without any id, so nobody can tell which call it was", todo, soon: false };
  }
  const creation = writes.find(({ kind }) => kind === "ghl.contact");
  const isOpen = creation && ["waiting", "attempted", "retrying"].includes(creation.state);
  if (isOpen) return whyNotWritten(creation, "the contact of this unknown caller", known);
  const trigger = lastOf(history.events, ["call.identified", "effect.observed", "effect.failed", "effect.skipped"]);
  const what = "whose call it was is not decided yet";
  return whyNotDone({ consumer: "contact-sync", reaction: "match", what, trigger }, history, now);
}

const triggers: EventType[] = [
  "call.identified",
  "call.matched",
  "recording.stored",
  "recording.unavailable",
  "call.transcribed",
  "call.transcription_failed",
  "call.analysed",
  "call.analysis_failed",
];

function whyNotIntended({ call, history, now }: Known): Why {
  const part = awaited(call);
  const timer = comingOf(history.waiting, "write-call");
  if (part && timer?.because === "timer" && !timer.inHand) {
    return { because: `the note waits for the ${part}, until ${at(timer)} at the latest`, soon: true };
  }
  const trigger = lastOf(history.events, triggers);
  const what = "the note is not written yet";
  return whyNotDone({ consumer: "ghl-writer", reaction: "write-call", what, trigger }, history, now);
}

type Unmatched = Extract<NonNullable<Call["contact"]>, { unmatched: unknown }>["unmatched"];

function whyUnmatched(reason: Unmatched, { call: { callId, callUuid }, writes, history }: Known): Why {
  const resolve = `\`callbridge contacts resolve ${callId ?? callUuid} --ghl <contact>\` notes this call and all that wait with it`;
  switch (reason) {
    case "withheld":
      return { because: "the caller withheld the number, so nobody can tell who it was", soon: false };
    case "internal":
      return { because: "it was a call between colleagues, and these belong to no contact", soon: false };
    case "no-phone":
      return {
        because: "CloudTalk never told the other party's number",
        todo: "put external_number into the webhook's template",
        soon: false,
      };
    case "invalid-phone":
      return {
        because: "what CloudTalk gave as the other party's number is not a phone number",
        todo: "set DEFAULT_COUNTRY if it is a national number without its country's code",
        soon: false,
      };
    case "ambiguous": {
      const candidates = lastOf(history.events, ["call.unmatched"]);
      const ids = candidates?.type === "call.unmatched" ? (candidates.data.candidates ?? []) : [];
      const who =
        ids.length > 0
          ? `${ids.length} contacts have this number (${ids.join(", ")})`
          : "several contacts have this number";
      const todo = `say which one it is: ${resolve}`;
      return { because: `${who}, and Callbridge never guesses whose call it was`, todo, soon: false };
    }
    case "unknown-caller": {
      const todo = `create the contact in GoHighLevel, then ${resolve}`;
      return { because: "no contact has this number, and UNKNOWN_CALLER=inbox creates none", todo, soon: false };
    }
    case "creation-failed": {
      const creation = writes.findLast(({ kind }) => kind === "ghl.contact");
      const because = creation?.because ?? "no reason was given";
      const todo = `create the contact in GoHighLevel, then ${resolve}`;
      return { because: `no contact has this number and none could be created: ${because}`, todo, soon: false };
    }
    case "contact-gone": {
      const because = "its contact was deleted in GoHighLevel before the call was noted, and no other has this number";
      return { because, todo: `if it belongs to somebody all the same: ${resolve}`, soon: false };
    }
    default:
      return { because: said(reason), soon: false };
  }
}

export function lastOf(events: readonly LogEvent[], types: readonly EventType[]): LogEvent | undefined {
  return events.findLast(({ type }) => types.includes(type));
}
