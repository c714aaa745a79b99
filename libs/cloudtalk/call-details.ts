import {
  type CallOutcome,
  type CloudTalkCallId,
  catalogue,
  type EventData,
  type EventPersonal,
} from "@callbridge/events";
import { type Fields, readFields } from "@callbridge/vendor";
import { z } from "zod";
import { idIn, members, phoneIn, textIn } from "./answer.ts";
import { directionNamed, isHiddenNumber } from "./call-words.ts";
import { known, readInstant } from "./text.ts";

/** What CloudTalk's own records tell of a call, in the words of the events. Absent is unknown. */
export type CallFacts = Omit<EventData<"call.ended">, "callId"> &
  EventPersonal<"call.ended"> & {
    callId: CloudTalkCallId;
    /** The call was recorded. The recording may still be on its way, or be gone. */
    recorded?: boolean | undefined;
  };
/** One call as the analytics tell it: the only answer with both ids, and the only one that says who answered. */
export type CallDetails = CallFacts & { outcome: CallOutcome };

/** Answer of `GET /calls/{id}` on the analytics host (facts/cloudtalk.md §1.5). */
export const callDetailsAnswer = z
  .looseObject({ cdr_id: z.union([z.string(), z.number()]) })
  .transform((body, context) => {
    const call = readFields(body);
    const steps = members(call.raw("callsteps"));
    const talkingSeconds = call.seconds("calltimes.talkingtime");
    const outcome = outcomeOf(call.text("status"), talkingSeconds, steps);
    const agent = agentOf(steps);
    const externalPhone = phoneIn(call.raw("contact.number"));
    const data = callFacts({
      callId: idIn(call, "cdrid"),
      callUuid: idIn(call, "uuid")?.toLowerCase(),
      direction: directionNamed(call.text("direction")),
      startedAt: readInstant(call, "date"),
      talkingSeconds,
      waitingSeconds: call.seconds("calltimes.waitingtime"),
      voicemail: outcome === "voicemail" ? true : undefined,
      withheld: isHiddenNumber(call.raw("contact.number")) ? true : undefined,
      agentId: agent && idIn(agent, "id"),
      cloudtalkContactId: idIn(call, "contact.id"),
    });
    if (data.callId === undefined) return refuse(context);
    const personal = known({
      externalPhone,
      internalPhone: phoneIn(call.raw("internalnumber.number")),
      agentName: agent && textIn(agent, "name"),
      contactName: textIn(call, "contact.name"),
    });
    const details: CallDetails = { ...data, callId: data.callId, ...personal, outcome };
    const recorded = call.boolean("recorded");
    return recorded === undefined ? details : { ...details, recorded };
  });

/** Checked against the catalogue, so that what is read here can stand in an event as it is. */
export function callFacts(facts: Record<string, unknown>): EventData<"call.ended"> {
  return catalogue["call.ended"].data.parse(known(facts));
}

function refuse(context: z.RefinementCtx): never {
  context.addIssue({ code: "custom", message: "a call without a usable id" });
  return z.NEVER;
}

/**
 * The `status` knows only answered and missed. A voicemail shows as a step that worked out, in a call that nobody took
 * (step type seen in the wild, not in the document). Statuses that the document does not have stay unknown.
 */
function outcomeOf(status: string | undefined, talkingSeconds: number | undefined, steps: Fields[]): CallOutcome {
  const answered = agentSteps(steps).some(isAnswered) || (status === "answered" && talkingSeconds !== 0);
  const leftMessage = steps.some(
    (step) => step.text("type") === "voicemail" && step.text("status")?.toLowerCase() === "success",
  );
  if (leftMessage && !answered) return "voicemail";
  return status === "answered" || status === "missed" ? status : "unknown";
}

/**
 * The last agent who answered; else the agent at the end of the flow, whom CloudTalk, too, makes the owner of a missed
 * call. Agents who were merely rung in a queue own nothing.
 */
function agentOf(steps: Fields[]): Fields | undefined {
  return agentSteps(steps).findLast(isAnswered) ?? steps.findLast((step) => step.text("type") === "agent");
}

const isAnswered = (step: Fields) => step.text("status") === "answered";

function agentSteps(steps: Fields[]): Fields[] {
  return steps.flatMap((step) => (step.text("type") === "agent" ? [step] : members(step.raw("agentcalls"))));
}
