import { expect, test } from "vitest";
import { remembered } from "./remembered.ts";

function counting() {
  let reads = 0;
  return async () => ++reads;
}

test("an answer is given again until it is older than the caller allows", async () => {
  const answer = remembered(counting());
  expect([await answer(0, 100), await answer(99, 100), await answer(100, 100)]).toEqual([1, 1, 2]);
  expect(await answer(150, 50)).toBe(3);
});

test("whoever asks while the answer is on its way gets the same one", async () => {
  const answer = remembered(counting());
  expect(await Promise.all([answer(0), answer(1)])).toEqual([1, 1]);
});

test("a failure is thrown and not remembered", async () => {
  const answers = [Promise.reject(new Error("out of reach")), Promise.resolve("there")];
  const answer = remembered(() => answers.shift() ?? Promise.reject(new Error("asked too often")));
  await expect(answer(0)).rejects.toThrow("out of reach");
  expect(await answer(1)).toBe("there");
  expect(await answer(2)).toBe("there");
});
