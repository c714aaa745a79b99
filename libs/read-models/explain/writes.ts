import { type EffectKind, evolveEffects, type LogEvent } from "@callbridge/events";
import { type EffectState, stateOf } from "../effect-rows.ts";
import { said } from "./words.ts";

export type Write = {
  effect: string;
  kind: EffectKind;
  title: string;
  state: EffectState;
  attempts: number;
  host: string | undefined;
  vendorId: string | undefined;
  /** What the vendor or we said last. */
  because: string | undefined;
  steps: { at: string; text: string }[];
};

const titles: Record<EffectKind, string> = {
  "ghl.contact": "Create the contact",
  "ghl.note": "Note on the contact",
  "ghl.note_duplicates": "Removal of second copies of the note",
  "ghl.note_copy": "Copy of a CloudTalk note",
  "ghl.call_log": "Entry in the conversation",
  "ghl.fields": "Fields of the contact",
  "ghl.contact_update": "Changes of the contact in GoHighLevel",
  "ghl.tags": "Tags in GoHighLevel",
  "ghl.task": "Task in GoHighLevel",
  "ghl.workflow": "Start of a GoHighLevel workflow",
  "ghl.opportunity": "Change of the opportunity",
  "ghl.contact_deletion": "Deletion of the contact in GoHighLevel",
  "cloudtalk.contact": "Contact in CloudTalk",
  "cloudtalk.contact_update": "Changes of the contact in CloudTalk",
  "cloudtalk.tags": "Tags in CloudTalk",
  "cloudtalk.attribute": "Attribute in CloudTalk",
  "cloudtalk.note": "Note in CloudTalk",
  "cloudtalk.activity": "Activity in CloudTalk",
  "cloudtalk.cue_card": "Cue card for the agent",
  "cloudtalk.contact_deletion": "Deletion of the contact in CloudTalk",
};

export const states: Record<EffectState, string> = {
  waiting: "not begun",
  attempted: "sent, the answer is not known",
  retrying: "not taken yet",
  observed: "done",
  failed: "refused",
  unknown: "not known whether it happened",
  skipped: "not done",
};

/** Every write of the call with each attempt and what was answered, in the order they were intended. Pure. */
export function writesOf(events: readonly LogEvent[]): Write[] {
  const effects = events.reduce(evolveEffects, new Map());
  return [...effects.values()].map((effect) => {
    const own = events.filter((event) => "effect" in event.data && event.data.effect === effect.effect);
    const attempted = own.findLast((event) => event.type === "effect.attempted");
    return {
      effect: effect.effect,
      kind: effect.kind,
      title: titles[effect.kind] ?? effect.kind,
      state: stateOf(effect),
      attempts: effect.attempts,
      host: attempted?.data.host,
      vendorId: effect.vendorId,
      because: own.map(reasonIn).findLast((because) => because !== undefined),
      steps: own.map((event) => ({ at: event.recordedAt, text: stepText(event) })),
    };
  });
}

function reasonIn({ data }: LogEvent): string | undefined {
  return "because" in data && typeof data.because === "string" ? data.because : undefined;
}

function stepText(event: LogEvent): string {
  switch (event.type) {
    case "effect.intended":
      return `intended by ${event.source}`;
    case "effect.attempted":
      return `attempt ${event.data.attempt} at ${event.data.host}`;
    case "effect.observed":
      return `${event.data.how === "answer" ? "done, the answer says" : "done, reading back shows"}${
        event.data.vendorId ? `: ${event.data.vendorId}` : " so"
      }`;
    case "effect.failed": {
      const { attempt, final, because, status } = event.data;
      const isSaid = status === undefined || because.includes(String(status));
      const answer = isSaid ? because : `${because} (HTTP ${status})`;
      return `attempt ${attempt} ${final ? "refused for good" : "not taken, to be tried again"}: ${answer}`;
    }
    case "effect.unknown":
      return `not known whether it happened: ${event.data.because}`;
    case "effect.skipped":
      return `not done: ${event.data.because}`;
    default:
      return said(event.type);
  }
}
