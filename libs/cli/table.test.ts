import { expect, test } from "vitest";
import { shortTime, table } from "./table.ts";

test("columns are as wide as their content and lines end without blanks", () => {
  expect(table(["a", "bb"], [["long cell", "x"]])).toBe("a          bb\nlong cell  x");
});

test("a line is cut at the width of the terminal", () => {
  expect(table(["id"], [["0123456789"]], 6)).toBe("id\n01234…");
});

test("what a vendor said cannot fake a line or colour the terminal", () => {
  expect(table(["because"], [["refused\n\u001b[31mall is well"]])).toBe("because\nrefused [31mall is well");
});

test("times are in UTC to the second", () => {
  expect(shortTime(new Date("2026-11-22T10:00:00.123Z"))).toBe("2026-11-22 10:00:00Z");
});
