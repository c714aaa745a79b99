import { sampleCall } from "./sample-call.ts";

/** One numbered line of the transcript as the prompt shows it. */
type Line = { turn: number; text: string };

/** What can be read from a prompt about the call it asks to judge. */
export type Conversation = {
  /** The words are those of the sample call, so that the true answers are known. */
  isSample: boolean;
  lines: Line[];
  criterionIds: string[];
  complianceIds: string[];
};

/** Letters and digits only, so that punctuation and line breaks do not hide a match. */
const bare = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/** By sentences, because a prompt may number them singly; more than a few of these words fall in no other call. */
export function readConversation(prompt: string): Conversation {
  const words = bare(prompt);
  const sentences = sampleCall().turns.flatMap((turn) => turn.text.split(/(?<=[.?])\s/).map(bare));
  const known = sentences.filter((sentence) => sentence.includes(" ") && words.includes(sentence)).length;
  return { isSample: known >= 5, lines: linesOf(prompt), ...rubricOf(prompt) };
}

/** Lines such as `[3] customer: Wait…`, `3. agent: …`, `#3 00:32 customer: …`. */
function linesOf(prompt: string): Line[] {
  return prompt.split("\n").flatMap((line) => {
    const found = /^\s*(?:\[|#|\()?(\d{1,4})[\]).:]?\s+(.*\S)\s*$/.exec(line);
    if (found?.[1] === undefined || found[2] === undefined) return [];
    return [{ turn: Number(found[1]), text: found[2].replace(/^[^:]{1,40}:\s*/, "") }];
  });
}

const labelled = /["'`]?\bid["'`]?\s*[:=]\s*["'`]?([a-z][a-z0-9_-]*)/;
const heading = /^\s*#{2,5}\s+[`"']?([a-z][a-z0-9]*(?:_[a-z0-9]+)*)\b/;
const bullet = /^\s*[-*]\s+[`*"']{0,3}([a-z][a-z0-9]*(?:_[a-z0-9]+)*)[`*"']{0,3}\s*[:([—–-]/;
const speakers = ["agent", "customer", "speaker", "caller", "contact"];

/**
 * Ids in a rubric, those after a mention of compliance apart. Labelled ones (`id: greeting`, `"id":"greeting"`) are
 * believed before bullets and headings (`- greeting: …`), which may be anything.
 */
function rubricOf(prompt: string): { criterionIds: string[]; complianceIds: string[] } {
  const found = idsBy(prompt, [labelled]);
  return found.criterionIds.length + found.complianceIds.length > 0 ? found : idsBy(prompt, [bullet, heading]);
}

function idsBy(prompt: string, patterns: RegExp[]): { criterionIds: string[]; complianceIds: string[] } {
  const criterionIds = new Set<string>();
  const complianceIds = new Set<string>();
  let inCompliance = false;
  for (const line of prompt.split("\n")) {
    const id = patterns.map((pattern) => pattern.exec(line)?.[1]).find((one) => one !== undefined);
    if (id === undefined || speakers.includes(id)) {
      if (/complian/i.test(line)) inCompliance = true;
      else if (/rubric|criteri/i.test(line)) inCompliance = false;
    } else {
      (inCompliance ? complianceIds : criterionIds).add(id);
    }
  }
  return { criterionIds: [...criterionIds], complianceIds: [...complianceIds] };
}

/** The number under which the prompt shows a quote, or the turn of the sample it is taken from. */
export function turnOf(conversation: Conversation, quote: string): number {
  const words = bare(quote);
  const begins = (text: string): boolean => text.length > 8 && words.startsWith(text);
  const shown =
    conversation.lines.find((line) => bare(line.text).includes(words)) ??
    conversation.lines.find((line) => begins(bare(line.text)));
  if (shown !== undefined) return shown.turn;
  return Math.max(
    0,
    sampleCall().turns.findIndex((turn) => bare(turn.text).includes(words)),
  );
}
