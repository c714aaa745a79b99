import { z } from "zod";
import { languageCode } from "./language.ts";
import type { Rubric } from "./rubric.ts";

const callType = z.enum([
  "sales",
  "support",
  "appointment",
  "complaint",
  "information",
  "voicemail",
  "wrong_number",
  "internal",
  "other",
]);
const resolution = z.enum([
  "resolved",
  "callback_scheduled",
  "appointment_booked",
  "follow_up_needed",
  "not_interested",
  "unresolved",
  "no_conversation",
  "other",
]);
const sentiment = z.enum(["very_negative", "negative", "neutral", "positive", "very_positive"]);
const quote = z.string().describe("Copied word for word from the transcript, at most 30 words; empty if there is none");

/**
 * What the model is asked for. Strict mode knows no optional fields, records or tuples (facts/openai.md 1.3); lengths are
 * wishes in words, since a limit in the schema would throw away an answer that is paid for.
 */
export function feedbackSchema(rubric: Rubric) {
  return z.object({
    language: z.string().describe("ISO 639-1 code of the language spoken"),
    callType,
    headline: z.string().describe("One line for a list of calls, at most 90 characters"),
    summary: z.string().describe("Why they spoke and what was said, 2 to 4 sentences"),
    outcome: z.string().describe("How the call ended, one sentence"),
    resolution,
    sentiment: sentiment.describe("The customer's, at the end of the call"),
    criteria: z
      .array(
        z.object({
          id: z.enum(rubric.criteria.map(({ id }) => id)),
          applicable: z.boolean().describe("false when the criterion could not come up in this call"),
          score: z.number().int().min(0).max(5).nullable().describe("By the anchors; null when not applicable"),
          rationale: z.string().describe("One sentence"),
          quote,
        }),
      )
      .describe("Every criterion of the rubric once, in its order"),
    actionItems: z
      .array(
        z.object({
          owner: z.enum(["agent", "customer", "company"]),
          action: z.string(),
          due: z.string().nullable().describe("As it was said; null when nothing was said"),
          quote: quote.describe("The words of the promise, copied word for word from the transcript"),
        }),
      )
      .describe("Only what somebody in the call said they would do"),
    coaching: z
      .array(
        z.object({
          observation: z.string().describe("What the agent did: behaviour, not personality"),
          suggestion: z.string().describe("What to do next time"),
          exampleWording: z.string().nullable().describe("A sentence the agent could have said"),
          quote,
        }),
      )
      .describe("At most 3, the most useful first; empty when there was no agent to coach"),
    nextStep: z.string().nullable().describe("What was agreed to happen next; null if nothing"),
    topics: z.array(z.string()).describe("At most 8, one to three words each"),
  });
}
export type Feedback = z.infer<ReturnType<typeof feedbackSchema>>;

type Quoted<T> = Omit<T, "quote"> & { quote: string | null };

export type CheckedFeedback = {
  feedback: Omit<Feedback, "criteria" | "coaching"> & {
    criteria: Quoted<Feedback["criteria"][number]>[];
    coaching: Quoted<Feedback["coaching"][number]>[];
  };
  /** 0–100, absent when no criterion could be judged. */
  score: number | undefined;
  quoteVerification: { total: number; verified: number };
};

/**
 * What can be checked by code is never left to the model: a quote must be in the transcript or it is taken out, an action
 * item without one is dropped (a promise nobody made is worse on a customer's record than one missing), criteria are
 * those of the rubric and count once, the score is computed here, and texts have sane lengths.
 */
export function checkFeedback(given: Feedback, rubric: Rubric, transcriptText: string): CheckedFeedback {
  const spoken = plainWords(transcriptText);
  const quoteVerification = { total: 0, verified: 0 };
  const verified = (text: string): string | null => {
    if (text.trim() === "") return null;
    quoteVerification.total += 1;
    const words = plainWords(text);
    if (words.length < quoteCharactersMin || !spoken.includes(words)) return null;
    quoteVerification.verified += 1;
    return cut(text, 300);
  };

  const criteria = rubric.criteria.flatMap(({ id }) => {
    const judged = given.criteria.find((criterion) => criterion.id === id);
    if (!judged) return [];
    // Nobody is graded for a voicemail or a wrong number.
    const applicable = judged.applicable && judged.score !== null && !notGraded.has(given.callType);
    const score = applicable ? judged.score : null;
    return [{ id, applicable, score, rationale: cut(judged.rationale, 400), quote: verified(judged.quote) }];
  });
  const actionItems = given.actionItems.flatMap((item) => {
    const said = verified(item.quote);
    if (said === null) return [];
    return [{ owner: item.owner, action: cut(item.action, 300), due: cutOrNull(item.due, 100), quote: said }];
  });
  const coaching = given.coaching.map((tip) => ({
    observation: cut(tip.observation, 400),
    suggestion: cut(tip.suggestion, 400),
    exampleWording: cutOrNull(tip.exampleWording, 300),
    quote: verified(tip.quote),
  }));

  const feedback: CheckedFeedback["feedback"] = {
    language: isoCode(given.language),
    callType: given.callType,
    headline: cut(given.headline, 120),
    summary: cut(given.summary, 2_000),
    outcome: cut(given.outcome, 400),
    resolution: given.resolution,
    sentiment: given.sentiment,
    criteria,
    actionItems: actionItems.slice(0, 10),
    coaching: coaching.slice(0, 3),
    nextStep: cutOrNull(given.nextStep, 300),
    topics: given.topics.slice(0, 8).map((topic) => cut(topic, 60)),
  };
  return { feedback, score: scoreOf(criteria, rubric), quoteVerification };
}

const notGraded: ReadonlySet<Feedback["callType"]> = new Set(["voicemail", "wrong_number"]);
/** "ok" occurs in every transcript and proves nothing. */
const quoteCharactersMin = 4;

/** Weighted mean of the applicable criteria, 0–5 points as 0–100. */
function scoreOf(criteria: CheckedFeedback["feedback"]["criteria"], rubric: Rubric): number | undefined {
  let [points, weights] = [0, 0];
  for (const { id, weight } of rubric.criteria) {
    const score = criteria.find((criterion) => criterion.id === id)?.score ?? null;
    if (score === null) continue;
    points += score * weight;
    weights += weight;
  }
  return weights === 0 ? undefined : Math.round((points / weights) * 20);
}

/** Letters and digits only: models tidy punctuation, casing and spacing when they copy. */
function plainWords(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/['’]/g, "")
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .trim();
}

/** A code and nothing else: it goes into the event's data, where no words of a call belong. */
function isoCode(language: string): string {
  const code = languageCode(language) ?? "";
  return code.length <= 3 && code !== "" ? code : "und";
}

function cut(text: string, charactersMax: number): string {
  const characters = [...text.replace(/[\p{Cc}\s]+/gu, " ").trim()];
  return characters.length <= charactersMax
    ? characters.join("")
    : `${characters.slice(0, charactersMax - 1).join("")}…`;
}

function cutOrNull(text: string | null, charactersMax: number): string | null {
  return (text && cut(text, charactersMax)) || null;
}
