import type { CallDetails, CloudTalk } from "@callbridge/cloudtalk";
import { type Call, type CallOutcome, catalogue, foldCall, stream } from "@callbridge/events";
import type { Context, Fact, Handler } from "@callbridge/service";
import type { CallFinder } from "./call-finder.ts";

export type IdentifyDeps = {
  cloudtalk: Pick<CloudTalk, "callDetails">;
  finder: CallFinder;
  /** After this long without both ids a call is taken as it is. Milliseconds since it was known to be over. */
  identifyDeadlineMs: number;
  /** The other webhook of a call mostly brings the missing id for free within this time (seen: up to 12 s apart). */
  otherWebhookMs: number;
};

/** What a call has to be reported by for it to reach the CRM; anything else is only said about it. */
export const tellsThatItIsOver = [
  "call.ended",
  "call.recording_ready",
  "call.transcript_ready",
  "call.recovered",
] as const;

/** The vendor's call details lag behind by seconds to minutes: when to look again after the event. Milliseconds. */
const lookAgainMs = [2_000, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000];
/** Shorter waits would only ask the same question again. */
const lookAgainMinMs = 500;

/**
 * Finds out what a call was: both of its ids, answered or not, direction. The reports themselves are asked first, then the
 * call details by numeric id (one request), then the history for those whose numeric id nobody told. A phone number and a
 * time never join two ids: only the details' own uuid does.
 */
export function identifyHandler(deps: IdentifyDeps): Handler<Call> {
  return {
    name: "identify",
    on: tellsThatItIsOver,
    fold: foldCall,
    decide: async (event, call, context) => {
      // Reading an erased call anew would bring back what was to be forgotten.
      if (call.identified || call.erased) return {};
      const told = toldByReports(call);
      if (told && isCertain(told, call)) return { append: [identified(call, "reports", told)] };

      const age = context.now.getTime() - new Date(call.overAt ?? event.recordedAt).getTime();
      const isLast = age >= deps.identifyDeadlineMs;
      const asItIs = identified(call, "deadline", outcomeOf(call) ?? "unknown");
      if (!call.callId && !call.callUuid) {
        // The report stays a hint: the calls it may mean are reported on their own. Which one it is, and whether the
        // history shows it yet, nobody knows, so all looks are used up before it is closed.
        const found = await deps.finder.byNumber(call, context.now);
        const append = [...found.map(recovered), ...(isLast ? [asItIs] : [])];
        return { append, ...(!isLast && { wake: [nextLook(call, age, deps, context)] }) };
      }
      const details = await detailsOf(call, age, deps, context);
      if (details) return { append: [fromDetails(call, details)] };
      if (told && age >= deps.otherWebhookMs) return { append: [identified(call, "reports", told)] };
      return isLast ? { append: [asItIs] } : { wake: [nextLook(call, age, deps, context)] };
    },
  };
}

/** Undefined: the vendor does not know the call (yet), or it means another one by this id than the webhooks do. */
async function detailsOf(call: Call, age: number, deps: IdentifyDeps, context: Context) {
  const { callId, callUuid } = call;
  if (callId) {
    const details = await context.once(`details:${callId}`, () => deps.cloudtalk.callDetails(callId));
    const isOther = callUuid && details?.callUuid && details.callUuid !== callUuid;
    return isOther ? undefined : details;
  }
  return age >= deps.otherWebhookMs ? deps.finder.byUuid(call, context.now) : undefined;
}

function nextLook(call: Call, age: number, deps: IdentifyDeps, context: Context) {
  const { otherWebhookMs, identifyDeadlineMs } = deps;
  const looks = call.callId ? lookAgainMs : [otherWebhookMs, ...lookAgainMs.filter((ms) => ms > otherWebhookMs)];
  const next = looks.find((ms) => ms > age) ?? age + (lookAgainMs.at(-1) ?? 0);
  const wait = Math.max(lookAgainMinMs, Math.min(next, identifyDeadlineMs) - age);
  return { key: `identify:${call.stream}`, at: new Date(context.now.getTime() + wait) };
}

/** What the webhooks alone say. An absent talking time is not zero: it says nothing. */
function outcomeOf({ voicemail, talkingSeconds, answeredAt }: Call): CallOutcome | undefined {
  if (voicemail && !talkingSeconds) return "voicemail";
  if (talkingSeconds === undefined) return answeredAt ? "answered" : undefined;
  if (talkingSeconds > 0) return "answered";
  return answeredAt ? undefined : "missed";
}

/** The outcome, when the webhooks told everything that decisions about the call need; else the vendor is asked. */
function toldByReports(call: Call): CallOutcome | undefined {
  const isSomebody = call.externalPhone || call.withheld || call.direction === "internal";
  if (!call.callId || !call.callUuid || !call.direction || !isSomebody) return undefined;
  const outcome = outcomeOf(call);
  // Nobody talked, yet something was recorded: a message, most likely.
  return outcome === "missed" && call.recordingAnnounced ? undefined : outcome;
}

/** Nobody talked: without a word on voicemail a message may have been left, so the vendor has the time to say so. */
const isCertain = (told: CallOutcome, call: Call) => told !== "missed" || call.voicemail !== undefined;

function fromDetails(call: Call, details: CallDetails): Fact {
  return {
    type: "call.identified",
    stream: call.stream ?? stream.callById(details.callId),
    key: { fact: `${call.stream}/identified` },
    data: catalogue["call.identified"].data.parse({
      ...details,
      outcome: decided(call, details),
      because: "call-details",
    }),
    personal: catalogue["call.identified"].personal.parse(details),
  };
}

/** The reports know what the details do not say: a voicemail flag, the time that an agent talked. */
function decided(call: Call, { outcome }: CallDetails): CallOutcome {
  if (outcome === "unknown") return outcomeOf(call) ?? "unknown";
  return outcome === "missed" && call.voicemail ? "voicemail" : outcome;
}

function identified(call: Call, because: "reports" | "deadline", outcome: CallOutcome): Fact {
  const { callId, callUuid, direction } = call;
  return {
    type: "call.identified",
    stream: call.stream ?? "",
    key: { fact: `${call.stream}/identified` },
    data: { callId, callUuid, direction, outcome, because },
    personal: {},
  };
}

function recovered(details: CallDetails): Fact {
  const name = stream.callById(details.callId);
  return {
    type: "call.recovered",
    stream: name,
    key: { fact: `${name}/recovered` },
    data: catalogue["call.recovered"].data.parse(details),
    personal: catalogue["call.recovered"].personal.parse(details),
  };
}
