import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { noteMark, noteMarksIn } from "./note-mark.ts";
import { settingsOf } from "./settings.ts";

const guide = readFileSync(join(import.meta.dirname, "../../docs/sync-mapping.md"), "utf8");
const blocks = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = ""]) => yaml);

describe("the guide to mappings", () => {
  test("has an example of every section", () => {
    const named = blocks.flatMap((block) => Object.keys(parse(block)));
    expect(new Set(named)).toEqual(new Set(["notes", "callTags", "opportunities", "cueCard"]));
  });

  test.each(blocks)("shows what can be configured: %s", (block) => {
    expect(() => settingsOf(parse(block))).not.toThrow();
  });

  test.each(["notes", "callTags"] as const)("shows %s as they are by default, but for names", (section) => {
    const example = settingsOf(parse(blocks.find((block) => block.startsWith(section)) ?? ""))[section];
    expect({ ...example, names: {} }).toEqual({ names: {}, ...settingsOf()[section] });
  });
});

describe("a mapping that cannot be meant is refused, and the message says why:", () => {
  const fromGhl = (...rules: object[]) => ({ opportunities: { fromGhl: { rules } } });
  const fromCalls = (...fromCalls: object[]) => ({ opportunities: { fromCalls } });
  const rule = { name: "missed", when: {}, do: { workflow: "W1" } };
  test.each<[string, object, RegExp]>([
    ["a rule for nothing", fromGhl({ when: { pipeline: "Sales" }, do: { addTags: "x" } }), /either stage or status/],
    ["for both", fromGhl({ when: { stage: "A", status: "won" }, do: { addTags: "x" } }), /either stage or status/],
    ["a rule that does nothing", fromGhl({ when: { stage: "A" }, do: {} }), /nothing that should be done/],
    ["a call's rule that does nothing", fromCalls({ ...rule, do: { pipeline: "Sales" } }), /nothing that should be/],
    ["two rules of one name", fromCalls(rule, rule), /two rules have one name/],
    ["a name with spaces", fromCalls({ ...rule, name: "Missed call" }), /lower-case letters/],
    ["a word of nobody's", fromCalls({ ...rule, when: { outcom: "missed" } }), /Unrecognized key: "outcom"/],
  ])("%s", (_, content, message) => {
    let because = "";
    try {
      settingsOf(content);
    } catch (error) {
      because = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    }
    expect(because).toMatch(message);
  });
});

test("our mark is found in whatever a vendor made of the note, and nobody else's is", () => {
  const mark = noteMark({ hash: () => "0123456789abcdef0123", target: "t" });
  expect(mark).toBe("[ref callbridge:0123456789abcdef]");
  expect(noteMarksIn(`<p>a</p> | b ${mark}</p> c`)).toEqual([mark]);
  expect(noteMarksIn("[ref callbridge] [ref other:0123456789abcdef]")).toEqual([]);
});
