import { expect, test } from "vitest";
import { oneLine } from "./one-line.ts";

test.each([
  ["one\ntwo\r\n\n three ", "one | two | three"],
  ["<p>one</p><div>two<br/>three</div><ul><li>four</li></ul>", "one | two | three | four"],
  ["<b>bold</b> &amp; 1 &lt; 2 &quot;x&quot;", 'bold & 1 < 2 "x"'],
  ["done ✅ 👍🏽 🇮🇹 👨‍👩‍👧 1️⃣!", "done 1!"],
  ["Größe 日本 5 < 7", "Größe 日本 5 < 7"],
  ["🚀\n<p></p>", ""],
])("%j is stored as %j", (note, line) => {
  expect(oneLine(note)).toBe(line);
});

test("a long note is cut, and no character in half", () => {
  const line = oneLine(`${"x".repeat(1_998)}𝒳𝒳`);
  expect(line.length).toBeLessThanOrEqual(2_000);
  expect(line.isWellFormed()).toBe(true);
  expect(line.endsWith("…")).toBe(true);
});
