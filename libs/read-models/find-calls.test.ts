import { expect, test } from "vitest";
import { readQuery } from "./find-calls.ts";

test.each([
  ["1001", { streams: ["call:n:1001"], phones: ["+1001"] }],
  ["393000000001", { streams: ["call:n:393000000001"], phones: ["+393000000001"] }],
  ["+39 300 000 0001", { streams: [], phones: ["+393000000001"] }],
  ["0039/300.000.0001", { streams: [], phones: ["+393000000001"] }],
  ["(202) 555-0143", { streams: [], phones: ["+2025550143"] }],
  ["call:x:abc", { streams: ["call:x:abc"], phones: [] }],
  ["ABC-1", { streams: ["call:u:ABC-1", "call:u:abc-1"], phones: [] }],
])("%s may mean %o", (text, meant) => {
  expect(readQuery(text)).toEqual(meant);
});
