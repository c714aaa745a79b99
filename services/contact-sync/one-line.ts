/** CloudTalk documents no limit for a note; an agent reads no more than this during a call. */
const charactersMax = 2_000;

const lineBreak = /\r?\n|<\/?(?:p|div|br|li|ul|ol|h[1-6])\b[^<>]*>/gi;
const tag = /<\/?[a-z][^<>]*>/gi;
const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: " " };
/** Emoji, and what joins, colours and numbers them: CloudTalk drops them (facts/cloudtalk.md §0 item 18). */
const emoji =
  /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u{200d}\u{20e3}\u{fe0e}\u{fe0f}\u{e0020}-\u{e007f}]/gu;

/** A CRM's note as CloudTalk can store it: plain text, its lines joined, cut. Empty when nothing of it can be stored. */
export function oneLine(note: string): string {
  const lines = note
    .replace(lineBreak, "\n")
    .replace(tag, "")
    .replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (entity, name: string) => entities[name] ?? entity)
    .replace(emoji, "")
    .split("\n")
    .map((line) => line.replace(/\s+/g, " ").trim())
    .filter((line) => line !== "");
  const text = lines.join(" | ");
  return text.length > charactersMax ? `${text.slice(0, charactersMax - 1).toWellFormed()}…` : text;
}
