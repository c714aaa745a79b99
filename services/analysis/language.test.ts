import { expect, test } from "vitest";
import { languageCode } from "./language.ts";
import { wordCount } from "./transcript.ts";

test.each([
  ["english", "en"],
  ["Norwegian", "no"],
  ["maori", "mi"],
  ["lao", "lo"],
  ["bengali", "bn"],
  ["hebrew", "he"],
  ["de", "de"],
  ["pt-BR", "pt"],
  ["yue", "yue"],
  ["old klingon", "old klingon"],
  ["", undefined],
  [null, undefined],
  ["12 monkeys!", undefined],
])("the language %j is %j", (given, code) => {
  expect(languageCode(given)).toBe(code);
});

test.each([
  ["Hello, how are you?", 4],
  ["おはようございます", 1],
  ["[BLANK_AUDIO] (silence) …", 0],
])("%j has %i words", (text, words) => {
  expect(wordCount(text)).toBeGreaterThanOrEqual(words);
  if (words === 0) expect(wordCount(text)).toBe(0);
});
