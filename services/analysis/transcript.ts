import { z } from "zod";

/** The stored object of `call.transcribed`: everything that was heard. Personal data from the first to the last word. */
export const transcriptSchema = z.object({
  version: z.literal(1),
  model: z.string(),
  /** ISO 639 where known. */
  language: z.string().optional(),
  text: z.string(),
  /** Empty when the model gives no times. Seconds from the start of the recording. */
  segments: z.array(z.object({ start: z.number(), end: z.number(), text: z.string() })),
  audioSeconds: z.number().nonnegative().optional(),
});
export type Transcript = z.infer<typeof transcriptSchema>;

/** Words in any script; 0 means that nobody spoke. Marks for silence and music (`[BLANK_AUDIO]`, `(music)`) are no words. */
export function wordCount(text: string): number {
  const spoken = text.replace(/\[[^\]]*\]|\([^)]*\)/g, " ");
  let words = 0;
  for (const part of wordSegmenter.segment(spoken)) if (part.isWordLike) words += 1;
  return words;
}

const wordSegmenter = new Intl.Segmenter("en", { granularity: "word" });
