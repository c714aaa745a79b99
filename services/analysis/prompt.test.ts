import { expect, test } from "vitest";
import { instructionsFor, transcriptMessage } from "./prompt.ts";
import { defaultRubric } from "./rubric.ts";

const heard = (text: string) => transcriptMessage({ version: 1, model: "m", text, segments: [] }, "mark").split("\n");

test("a transcript without segments is shown by sentences", () => {
  expect(heard("It costs 3.50 at example.com. Okay? 好的。谢谢。").slice(1)).toEqual([
    ...["<<<mark", "1 It costs 3.50 at example.com.", "2 Okay?", "3 好的。", "4 谢谢。", "mark>>>"],
  ]);
});

test("the instructions name every criterion, and their hash changes with the rubric and the language", () => {
  const plain = instructionsFor(defaultRubric, undefined);
  for (const { id } of defaultRubric.criteria) expect(plain.text).toContain(`- ${id} (`);
  const german = instructionsFor(defaultRubric, "German");
  const short = instructionsFor({ ...defaultRubric, criteria: defaultRubric.criteria.slice(0, 2) }, undefined);
  expect(new Set([plain.sha256, german.sha256, short.sha256]).size).toBe(3);
  expect(instructionsFor(defaultRubric, undefined)).toEqual(plain);
});
