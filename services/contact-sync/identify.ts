import type { CallDetails, CloudTalk } from "@callbridge/cloudtalk";
import { type Call, type CallOutcome, foldCall, stream } from "@callbridge/events";
import type { Context, Decision, Fact, Handler } from "@callbridge/service";
import type { CallFinder } from "./call-finder.ts";

export type IdentifyDeps = {
  cloudtalk: Pick<CloudTalk, "callDetails">;
  finder: CallFinder;
  /** After this long without both ids a call is taken as it is. Milliseconds since it was known to be over. */
  identifyDeadlineMs: number;
  /** The other webhook of a call mostly brings the missing id for free within this time (seen: up to 12 s apart). */
  otherWebhookMs: number;
};

/** The vendor's call details lag behind by seconds to minutes: when to look again after the event. Milliseconds. */
const lookAgainMs = [2_000, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000];

/**
 * Finds out what a call was: both of its ids, answered or not, direction. The reports themselves are asked first, then the
 * call details by numeric id (one request), then the history for those whose numeric id nobody told. A phone number and a
 * time never join two ids: only the details' own uuid does.
 */
export function identifyHandler(deps: IdentifyDeps): Handler<Call> {
  return {
    name: "identify",
    on: ["call.ended", "call.recording_ready", "call.transcript_ready", "call.recovered"],
    fold: foldCall,
    decide: async (event, call, context) => {
      if (call.identified) return {};
      const age = context.now.getTime() - new Date(call.overAt ?? event.recordedAt).getTime();

      const told = outcomeOf(call);
      if (call.callId && call.callUuid && told && call.direction) return identified(call, "reports", told);
      if (call.callId && /^\d+$/.test(call.callId)) {
        const { callId } = call;
        const details = await context.once(`details:${callId}`, () => deps.cloudtalk.callDetails(callId));
        if (details) return fromDetails(call, details);
      } else if (age >= deps.otherWebhookMs || !call.callUuid) {
        const found = await deps.finder.find(call, context.now);
        if (found?.details) return fromDetails(call, found.details);
        if (found && !call.callUuid) return { append: [...found.others.map(recovered), ...closed(call)] };
      }
      if (age >= deps.identifyDeadlineMs) return identified(call, "deadline", told ?? "unknown");
      return { wake: [{ key: `identify:${call.stream}`, at: nextLook(call, age, deps, context) }] };
    },
  };
}

function nextLook(call: Call, age: number, deps: IdentifyDeps, context: Context): Date {
  const first = call.callId
    ? lookAgainMs
    : [deps.otherWebhookMs, ...lookAgainMs.filter((ms) => ms > deps.otherWebhookMs)];
  const next = first.find((ms) => ms > age) ?? age + (lookAgainMs.at(-1) ?? 0);
  return new Date(context.now.getTime() + Math.max(500, Math.min(next, deps.identifyDeadlineMs) - age));
}

/** What the webhooks alone say. An absent talking time is not zero: it says nothing. */
export function outcomeOf(call: Call): CallOutcome | undefined {
  if (call.voicemail && !call.talkingSeconds) return "voicemail";
  if ((call.talkingSeconds ?? 0) > 0 || call.answeredAt) return "answered";
  return call.talkingSeconds === 0 ? "missed" : undefined;
}

function fromDetails(call: Call, details: CallDetails): Decision {
  const { outcome, recorded: _, ...facts } = details;
  const { externalPhone, internalPhone, invalidPhone, agentName, agentEmail, contactName, recordingUrl, ...data } =
    facts;
  const personal = { externalPhone, internalPhone, invalidPhone, agentName, agentEmail, contactName, recordingUrl };
  // The reports know what the details do not say: a voicemail flag, an agent's time on the line.
  const decided =
    outcome === "unknown"
      ? (outcomeOf(call) ?? outcome)
      : outcome === "missed" && call.voicemail
        ? "voicemail"
        : outcome;
  return {
    append: [
      {
        type: "call.identified",
        stream: call.stream ?? stream.callById(details.callId),
        key: { fact: `${call.stream}/identified` },
        data: { ...data, outcome: decided, because: "call-details" },
        personal,
      },
    ],
  };
}

function identified(call: Call, because: "reports" | "deadline", outcome: CallOutcome): Decision {
  const { callId, callUuid, direction } = call;
  return {
    append: [
      {
        type: "call.identified",
        stream: call.stream ?? "",
        key: { fact: `${call.stream}/identified` },
        data: { callId, callUuid, direction, outcome, because },
        personal: {},
      },
    ],
  };
}

/** A report without ids stays a hint: the calls it may mean are reported on their own, under their own ids. */
function closed(call: Call): Fact[] {
  return identified(call, "deadline", outcomeOf(call) ?? "unknown").append ?? [];
}

function recovered(details: CallDetails): Fact {
  const { outcome: _, recorded: __, ...facts } = details;
  const { externalPhone, internalPhone, invalidPhone, agentName, agentEmail, contactName, recordingUrl, ...data } =
    facts;
  return {
    type: "call.recovered",
    stream: stream.callById(details.callId),
    key: { fact: `${stream.callById(details.callId)}/recovered` },
    data,
    personal: { externalPhone, internalPhone, invalidPhone, agentName, agentEmail, contactName, recordingUrl },
  };
}
