import { awaited, type EventType } from "@callbridge/events";
import { type Stage, type Why, whyNotDone } from "./stage.ts";
import { type Known, lastOf, whyNotInCrm, whyNotWritten } from "./why-not.ts";
import type { Write } from "./writes.ts";

export type Conclusion = {
  /** Whether a note of the call is on a contact. */
  inCrm: "yes" | "not yet" | "no" | "unknown";
  sentences: string[];
};

/** The answer to "why is this not in my CRM?", and what is still to come. Pure. */
export function conclude(known: Known): Conclusion {
  const { writes, call } = known;
  const notes = writes.filter(({ kind }) => kind === "ghl.note");
  const latest = (wanted: Write["kind"]) => writes.findLast(({ kind }) => kind === wanted);
  const seen = notes.findLast(({ state }) => state === "observed");
  if (!seen) {
    const why = whyNotInCrm(known);
    const inCrm = why.doubt ? "unknown" : why.soon ? "not yet" : "no";
    return { inCrm, sentences: [...sentences("It", "in the CRM", why), ...missing(known)] };
  }
  const contact =
    call.contact && "ghlContactId" in call.contact ? call.contact.ghlContactId : "that is not known any more";
  const place = `It is in the CRM as note ${seen.vendorId ?? "without an id"} on contact ${contact} (${seen.host}).`;
  const update = notes.at(-1);
  // A write that was intended anew after it had failed stands for the former one.
  const [entry, fields] = [latest("ghl.call_log"), latest("ghl.fields")];
  return {
    inCrm: "yes",
    sentences: [
      place,
      ...(update && update !== seen ? outcome("The update of the note", "the update", update, known) : []),
      ...(entry ? outcome("The entry in the conversation", "the entry", entry, known) : []),
      ...(fields && fields.state !== "observed" && fields.state !== "skipped"
        ? outcome("The call in the contact's fields", "the fields", fields, known)
        : []),
      ...missing(known),
    ],
  };
}

function outcome(title: string, name: string, write: Write, known: Known): string[] {
  if (write.state === "observed") return [`${title} is there${write.vendorId ? ` as ${write.vendorId}` : ""}.`];
  return sentences(title, "there", whyNotWritten(write, name, known));
}

/** What the note lacks and why, as long as it may still come or could have come. */
function missing({ call, history, now }: Known): string[] {
  const part = awaited(call);
  if (!part || !call.identified || call.erased) return [];
  const { consumer, reaction, on } = stages[part];
  const why = whyNotDone({ consumer, reaction, trigger: lastOf(history.events, on) }, history, now);
  return sentences(`The ${part}`, "there", why);
}

type Part = NonNullable<ReturnType<typeof awaited>>;
const stages: Record<Part, Pick<Stage, "consumer" | "reaction"> & { on: EventType[] }> = {
  recording: {
    consumer: "recording",
    reaction: "recording",
    on: ["call.ended", "call.recording_ready", "call.transcript_ready", "call.recovered", "call.identified"],
  },
  transcript: { consumer: "analysis", reaction: "transcription", on: ["recording.stored"] },
  analysis: { consumer: "analysis", reaction: "feedback", on: ["call.transcribed"] },
};

function sentences(subject: string, place: string, { because, todo, soon, doubt }: Why): string[] {
  const sentence = doubt
    ? `${subject} may or may not be ${place}: ${because}.`
    : `${subject} is not ${place}${soon ? " yet" : ""} because ${because}.`;
  return [sentence, ...(todo ? [`To do: ${todo}.`] : [])];
}
