import { expect, test } from "vitest";
import { expectedOutcomes, notMade } from "./import-plan.ts";
import { tallyOf } from "./import-tally.ts";

const row = (id: string, ...phones: string[]) => ({ id, stream: `contact:${id}`, phones });
const others = [row("one", "+1"), row("two", "+2"), row("again", "+2"), row("taken", "+3")];
type How = Parameters<typeof expectedOutcomes>[3];
const expected = (list: ReturnType<typeof row>[], linked: string[] = [], how: Partial<How> = {}) =>
  expectedOutcomes(list, others, new Set(linked.map((id) => `contact:${id}`)), { from: "ghl", mayMake: true, ...how });

test("a contact is linked with the one holder of its number, and made where nobody has it", () => {
  expect(expected([row("a", "+1"), row("b", "+9"), row("c")])).toEqual(["linked", "created", "withoutNumber"]);
});

test("several holders, or one that is linked already, are left to a person", () => {
  expect(expected([row("a", "+2"), row("b", "+3"), row("c", "+1", "+3")], ["taken"])).toEqual([
    "ambiguous",
    "ambiguous",
    "ambiguous",
  ]);
});

test("of two that share a number the second is left to a person, in GHL both where somebody in CloudTalk has it", () => {
  const list = [row("a", "+9"), row("b", "+8", "+9"), row("c", "+1"), row("d", "+1")];
  expect(expected(list)).toEqual(["created", "ambiguous", "ambiguous", "ambiguous"]);
  expect(expected(list, [], { from: "cloudtalk" })).toEqual(["created", "ambiguous", "linked", "ambiguous"]);
});

test("whoever is linked is not looked at again, and nobody is made where that is switched off", () => {
  expect(expected([row("a", "+1"), row("b", "+9")], ["a"], { mayMake: false })).toEqual([
    "linkedBefore",
    { refused: notMade },
  ]);
});

test("a tally counts on, and reasons that differ in a number alone are one", () => {
  const before = tallyOf(["created", { refused: "no room for 12" }]);
  expect(tallyOf(["created", "linked", { refused: "no room for 7" }], before)).toMatchObject({
    ...{ found: 5, created: 2, linked: 1, refused: { "no room for #": 2 } },
  });
  const many = Array.from({ length: 100 }, (_, index) => ({ refused: "x".repeat(index + 1) }));
  expect(Object.keys(tallyOf(many).refused)).toHaveLength(41);
});
