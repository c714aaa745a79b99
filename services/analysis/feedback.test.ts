import { zodResponseFormat } from "openai/helpers/zod";
import { describe, expect, test } from "vitest";
import { checkFeedback, type Feedback, feedbackSchema } from "./feedback.ts";
import { defaultRubric, type Rubric, rubricSchema } from "./rubric.ts";
import { goodFeedback, saidInCall } from "./sample-call.ts";

const text = saidInCall.join(" ");
const check = (over: Partial<Feedback>, rubric: Rubric = defaultRubric) =>
  checkFeedback({ ...goodFeedback, ...over }, rubric, text);
const judged = (id: string, score: number | null, quote = "") => ({
  ...{ id, applicable: score !== null, score, rationale: "Because.", quote },
});

describe("quotes", () => {
  test.each([
    ["word for word", "My name is Sarah."],
    ["in another casing and punctuation", "no the VISIT is free"],
    ["with typographic apostrophes and spaces", "I’ll  be\nhome"],
    ["over two lines of the transcript", "how can I help you today? Hi Sarah."],
  ])("stay when they are in the transcript %s", (_how, quote) => {
    const { feedback, quoteVerification } = check({
      criteria: [judged("greeting", 5, quote)],
      actionItems: [],
      coaching: [],
    });
    expect(feedback.criteria[0]?.quote).not.toBeNull();
    expect(quoteVerification).toEqual({ total: 1, verified: 1 });
  });

  test.each(["The visit costs nothing", "My name ... Sarah", "ok", "?!"])(
    "%j was not said: the opinion loses it",
    (quote) => {
      const { feedback, quoteVerification } = check({
        criteria: [judged("greeting", 5, quote)],
        actionItems: [],
        coaching: [],
      });
      expect(feedback.criteria[0]).toMatchObject({ score: 5, quote: null });
      expect(quoteVerification).toEqual({ total: 1, verified: 0 });
    },
  );

  test("a promise without its words is dropped, advice is kept without them", () => {
    const [item] = goodFeedback.actionItems;
    const [tip] = goodFeedback.coaching;
    if (!item || !tip) throw new Error("the sample is empty");
    const invented = { ...item, quote: "I promise you a new router" };
    const { feedback } = check({
      actionItems: [invented, item, { ...item, quote: "" }],
      coaching: [{ ...tip, quote: "never said" }],
    });
    expect(feedback.actionItems).toEqual([item]);
    expect(feedback.coaching).toEqual([{ ...tip, quote: null }]);
  });
});

describe("the score", () => {
  test("is the weighted mean of what applied", () => {
    expect(check({ criteria: [judged("greeting", 5), judged("needs", 2), judged("closing", null)] }).score).toBe(60);
  });
  test("counts a criterion once and none that is not applicable", () => {
    const contradictory = { ...judged("needs", 5), applicable: false };
    const { score, feedback } = check({ criteria: [judged("greeting", 1), judged("greeting", 5), contradictory] });
    expect(score).toBe(20);
    expect(feedback.criteria.map(({ id, score: points }) => [id, points])).toEqual([
      ["greeting", 1],
      ["needs", null],
    ]);
  });
  test.each(["voicemail", "wrong_number"] as const)("is absent for a %s: nobody is graded for that", (callType) => {
    expect(check({ callType }).score).toBeUndefined();
  });
  test("is absent, not 0, when nothing could be judged", () => {
    expect(check({ criteria: [] }).score).toBeUndefined();
  });
});

test("texts have sane lengths and no control characters, lists end", () => {
  const long = "word\u0000 ".repeat(2_000);
  const [item] = goodFeedback.actionItems;
  if (!item) throw new Error("the sample is empty");
  const { feedback } = check({
    ...{ headline: long, summary: long, topics: Array.from({ length: 50 }, () => long), nextStep: " " },
    ...{ actionItems: Array.from({ length: 50 }, () => ({ ...item, action: long })), language: "I am Sarah Miller" },
  });
  expect(feedback.headline).toHaveLength(120);
  expect(feedback.headline).toMatch(/^word word .*…$/);
  expect(feedback.summary).toHaveLength(2_000);
  expect(feedback).toMatchObject({
    topics: { length: 8 },
    actionItems: { length: 10 },
    nextStep: null,
    language: "und",
  });
});

test("the schema is strict: every field required, nothing else allowed", () => {
  const { schema } = zodResponseFormat(feedbackSchema(defaultRubric), "call_feedback").json_schema;
  const objects: Record<string, unknown>[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("properties" in node) objects.push({ ...node });
    Object.values(node).forEach(visit);
  };
  visit(schema);
  expect(objects).toHaveLength(4);
  for (const { properties, required, additionalProperties } of objects) {
    expect(additionalProperties).toBe(false);
    expect(required).toEqual(Object.keys(properties ?? {}));
  }
});

test("the default rubric is one that a configuration could hold", () => {
  expect(rubricSchema.parse(defaultRubric)).toEqual(defaultRubric);
  const [first] = defaultRubric.criteria;
  expect(rubricSchema.safeParse({ version: "x", criteria: [first, first] }).success).toBe(false);
});
