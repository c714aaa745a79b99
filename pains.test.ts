import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/* docs/pains.md says which tests keep the predecessor's pains away. Here it is held to that. */

const painsMax = 94;
type Named = { path: string; name: string };
type Pain = { number: number; tests: Named[]; reasons: string[] };

function readPains(text: string): Pain[] {
  const [list = ""] = text.split(/^## The trial/m);
  return list.split(/^(?=\d+\. )/m).flatMap((part): Pain[] => {
    const number = Number.parseInt(part, 10);
    if (Number.isNaN(number)) return [];
    const tests = [...part.matchAll(/^ +- `([^`]+)`: (.+)$/gm)].map(([, path = "", name = ""]) => ({ path, name }));
    const reasons = [...part.matchAll(/^ +- (?:does not concern this product|comes with [\w ]+): (.+)$/gm)];
    return [{ number, tests, reasons: reasons.map(([, reason = ""]) => reason) }];
  });
}

/** Tests are named by the first argument of a call, or by the rule in a table of rules. */
function isThere({ path, name }: Named): boolean {
  if (!/(\.test|conformance|main-road)\.ts$/.test(path) || !existsSync(path)) return false;
  const words = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?:\\(|\\brule:)\\s*(["'\`])${words}\\1,`).test(readFileSync(path, "utf8"));
}

const text = readFileSync("docs/pains.md", "utf8");

test("the list has every pain once, in order, each with its tests or with the reason why it has none", () => {
  const pains = readPains(text);
  expect(pains.map(({ number }) => number)).toEqual(Array.from({ length: painsMax }, (_, index) => index + 1));
  expect(pains.filter(({ tests, reasons }) => tests.length > 0 === reasons.length > 0)).toEqual([]);
});

test("the trial broke fifteen of them, each against a test that the list names for it", () => {
  const [, trial = ""] = text.split(/^## The trial/m);
  const rows = [...trial.matchAll(/^\| (\d+) \| `([^`]+)`: [^|]+\| `([^`]+)`: (.+) \|$/gm)];
  expect(new Set(rows.map(([, number]) => number)).size).toBe(15);
  const pains = readPains(text);
  const unnamed = rows.filter(([, number, broken = "", path, name]) => {
    const pain = pains.find((one) => one.number === Number(number));
    return !existsSync(broken) || !pain?.tests.some((one) => one.path === path && one.name === name);
  });
  expect(unnamed.map(([row]) => row)).toEqual([]);
});

test("every test that the list names is where it is said to be", () => {
  const named = readPains(text).flatMap(({ tests }) => tests);
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((one) => !isThere(one))).toEqual([]);
  expect(isThere({ path: "pains.test.ts", name: "every test that the list names" })).toBe(false);
});
