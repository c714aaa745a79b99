import type { CallDetails } from "@callbridge/cloudtalk";
import { type Call, type CallOutcome, catalogue, foldCall, stream, tellsThatItIsOver } from "@callbridge/events";
import { afterError, type Context, type Fact, type Handler } from "@callbridge/service";
import type { CallFinder } from "./call-finder.ts";
import { recovered } from "./recovered.ts";

export type IdentifyDeps = {
  finder: CallFinder;
  /** After this long without both ids a call is taken as it is. Milliseconds since it was known to be over. */
  identifyDeadlineMs: number;
  /** The other webhook of a call mostly brings the missing id for free within this time (seen: up to 12 s apart). */
  otherWebhookMs: number;
  /** The vendor's call details are hardly ever there before. Milliseconds since the call was known to be over. */
  detailsAfterMs: number;
};

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
      // A call that was taken as it was may be told of after all. Reading an erased one would bring back what was forgotten.
      const isLate = call.identified === "deadline";
      if ((call.identified && !isLate) || call.erased) return {};
      const told = toldByReports(call);
      if (told && isCertain(told, call)) return { append: [identified(call, "reports", told)] };

      const age = context.now.getTime() - new Date(call.overAt ?? event.recordedAt).getTime();
      const isLast = age >= deps.identifyDeadlineMs;
      const asItIs = identified(call, "deadline", outcomeOf(call) ?? "unknown");
      if (!call.callId && !call.callUuid) {
        if (isLate) return {};
        // The report stays a hint: the calls it may mean are reported on their own. Which one it is, and whether the
        // history shows it yet, nobody knows, so all looks are used up before it is closed.
        const found = await deps.finder.byNumber(call, context.now);
        const append = [...found.map(recovered), ...(isLast ? [asItIs] : [])];
        return { append, ...(!isLast && { wake: [nextLook(call, age, deps, context)] }) };
      }
      const details = await detailsOf(call, age, deps, context);
      // Details are filled in bit by bit. What they do not say yet, a later look may find.
      if (details && decided(call, details) !== "unknown")
        return { append: [fromDetails(call, details, "call-details")] };
      if (told && age >= deps.otherWebhookMs) return { append: [identified(call, "reports", told)] };
      if (isLate) return {};
      const last = details ? fromDetails(call, details, "deadline") : asItIs;
      return isLast ? { append: [last] } : { wake: [nextLook(call, age, deps, context)] };
    },
  };
}

/** Undefined: the vendor does not know the call (yet), or it means another one by this id than the webhooks do. */
async function detailsOf(call: Call, age: number, deps: IdentifyDeps, context: Context) {
  const { callId, callUuid } = call;
  if (callId) {
    if (age < deps.detailsAfterMs) return undefined;
    const details = await unlessRefused(deps.finder.byId(callId));
    const isOther = callUuid && details?.callUuid && details.callUuid !== callUuid;
    return isOther ? undefined : details;
  }
  return age >= deps.otherWebhookMs ? unlessRefused(deps.finder.byUuid(call, context.now)) : undefined;
}

/** A vendor that does not tell (a plan without analytics answers 403) ends nothing: the reports are taken at the deadline. */
async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (afterError(error, 1).dead) return undefined;
    throw error;
  }
}

function nextLook(call: Call, age: number, deps: IdentifyDeps, context: Context) {
  const { otherWebhookMs, detailsAfterMs, identifyDeadlineMs } = deps;
  const first = detailsAfterMs > 0 ? [detailsAfterMs, ...lookAgainMs.filter((ms) => ms > detailsAfterMs)] : lookAgainMs;
  const looks = call.callId ? first : [otherWebhookMs, ...lookAgainMs.filter((ms) => ms > otherWebhookMs)];
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

/** Once for each call, and once more after it was taken as it was. */
const keyOf = (call: Call) => ({ fact: `${call.stream}/identified${call.identified ? ":late" : ""}` });

function fromDetails(call: Call, details: CallDetails, because: "call-details" | "deadline"): Fact {
  return {
    type: "call.identified",
    stream: call.stream ?? stream.callById(details.callId),
    key: keyOf(call),
    data: catalogue["call.identified"].data.parse({
      ...details,
      outcome: decided(call, details),
      because,
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
    key: keyOf(call),
    data: { callId, callUuid, direction, outcome, because },
    personal: {},
  };
}
