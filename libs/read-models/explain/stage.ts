import type { LogEvent } from "@callbridge/events";
import type { CallHistory } from "../history.ts";
import { at, comingOf, isDead, reactionOf, redriveCommand } from "./waiting.ts";

/** Why something is not there, in the words that follow "because"; what a person can do; whether it may come by itself. */
export type Why = {
  because: string;
  todo?: string | undefined;
  soon: boolean;
  /** It may be there all the same: nobody can tell. */
  doubt?: boolean;
};

/** What each consumer needs in its environment before it works at all. Names as in services/. */
const needs = {
  "contact-sync": "CLOUDTALK_API_KEY and GHL_API_KEY",
  recording: "CLOUDTALK_API_KEY",
  analysis: "OPENAI_API_KEY, or an OPENAI_BASE_URL of a local server",
  "ghl-writer": "GHL_API_KEY and GHL_LOCATION_ID",
};
type Consumer = keyof typeof needs;

/** Marks are saved every few seconds; what is younger may well have been seen. */
const freshMs = 15_000;

export type Stage = {
  consumer: Consumer;
  reaction: string;
  /** What is to be decided or done: "who called is not known yet". Undefined: it has been said. */
  what?: string;
  /** The event that the consumer acts on; undefined: it is none of this call's. */
  trigger: LogEvent | undefined;
};

/** Why a step has not been made: given up, to be done at a known time, not even seen, or waiting for another fact. */
export function whyNotDone({ what, ...stage }: Stage, history: CallHistory, now: Date): Why {
  const why = whyNot(stage, history, now);
  return what === undefined ? why : { ...why, because: `${what}: ${why.because}` };
}

function whyNot({ consumer, reaction, trigger }: Omit<Stage, "what">, history: CallHistory, now: Date): Why {
  const own = history.waiting.filter((one) => one.consumer === consumer && reactionOf(one) === reaction);
  const dead = own.find(isDead);
  if (dead) {
    return {
      because: `the ${consumer} service gave up (${dead.because})`,
      todo: `remove the cause, then ${redriveCommand(dead)}`,
      soon: false,
    };
  }
  const coming = comingOf(own, reaction);
  if (coming?.inHand) return { because: `the ${consumer} service works on it now`, soon: true };
  if (coming) {
    const reason = coming.because === "timer" ? "" : ` (${coming.because})`;
    return { because: `the ${consumer} service looks at it again at ${at(coming)}${reason}`, soon: true };
  }
  const unseen = whyNotSeen(consumer, trigger, history, now);
  if (unseen) return unseen;
  return { because: `the ${consumer} service has seen all of it and waits for another fact`, soon: true };
}

function whyNotSeen(consumer: Consumer, trigger: LogEvent | undefined, { marks }: CallHistory, now: Date) {
  const mark = marks[consumer];
  const kept = "what it has to do is kept until then";
  if (mark === undefined) {
    const todo = `start it with ${needs[consumer]}; ${kept}`;
    return { because: `the ${consumer} service was never started here`, todo, soon: false };
  }
  if (!trigger || mark >= trigger.position) return undefined;
  if (now.getTime() - Date.parse(trigger.recordedAt) < freshMs) {
    return { because: `the ${consumer} service is looking at it now`, soon: true };
  }
  return {
    because: `the ${consumer} service has worked off the log up to position ${mark}, and this is at ${trigger.position}`,
    todo: `look whether it is running and has ${needs[consumer]}; ${kept}`,
    soon: true,
  };
}
