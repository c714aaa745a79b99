import { createHash } from "node:crypto";
import type { Waiting } from "../history.ts";
import { moment, said, times } from "./words.ts";

/** `at` undefined: nothing happens until a person does something. */
export type WaitingLine = {
  at: string | undefined;
  text: string;
  consumer: string;
  key: string;
  /** The command that brings it back. */
  redrive: string | undefined;
};

/** What a reaction of a service does when its time comes. Names as in services/ and libs/service. */
const reactions: Record<string, string> = {
  identify: "asks CloudTalk again which call this was",
  match: "looks for the contact in GoHighLevel again",
  recording: "looks for the recording again",
  transcription: "transcribes the recording",
  feedback: "analyses the transcript",
  "write-call": "looks what there is to write of the call by then",
  "crm-notes": "looks for a note in GoHighLevel again",
  "opportunity-changes": "looks again whether the opportunity's contact is known in CloudTalk",
  effects: "carries on with a write",
};

export const reactionOf = ({ key }: Pick<Waiting, "key">) => key.split("/")[0] ?? "";
export const isDead = ({ at }: Pick<Waiting, "at">) => at === null;

/** How to have a dead letter tried again. Its id is the one that `callbridge dead` shows. */
export const redriveCommand = ({ consumer, key }: Pick<Waiting, "consumer" | "key">) =>
  `callbridge dead redrive ${deadId(consumer, key)}`;

/** How to have a write intended anew that ended badly. */
export const rewriteCommand = (account: string, effect: string) =>
  `callbridge dead redrive --effects ${deadId(account, effect)}`;

/** As libs/event-log gives it: a name for people to type, not a secret. */
const deadId = (...names: string[]) => createHash("md5").update(names.join(" ")).digest("hex").slice(0, 10);

export function waitingLines(waiting: readonly Waiting[]): WaitingLine[] {
  return waiting.map((one) => ({
    at: one.at?.toISOString(),
    text: isDead(one) ? deadText(one) : comingText(one),
    consumer: one.consumer,
    key: one.key,
    redrive: isDead(one) ? redriveCommand(one) : undefined,
  }));
}

function comingText(one: Waiting): string {
  const what = reactions[reactionOf(one)] ?? said(reactionOf(one));
  if (one.inHand) return `${one.consumer} works on it now: it ${what} (again at the time shown, if that process dies)`;
  const tried = one.attempt > 0 ? `, after trying ${times(one.attempt)}` : "";
  return `${one.consumer} ${what}${tried}${one.because === "timer" ? "" : `: ${one.because}`}`;
}

function deadText(one: Waiting): string {
  return `${one.consumer} gave up on event ${one.position} (${reactionOf(one)}, tried ${times(one.attempt)}): ${one.because}`;
}

/** The row that a reaction of this call waits for, the first if there are several. */
export function comingOf(waiting: readonly Waiting[], ...names: string[]): (Waiting & { at: Date }) | undefined {
  return waiting
    .filter((one): one is Waiting & { at: Date } => !isDead(one) && names.includes(reactionOf(one)))
    .sort((a, b) => a.at.getTime() - b.at.getTime())[0];
}

export const at = (row: { at: Date }) => `${moment(row.at)} UTC`;
