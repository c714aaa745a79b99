import { expect, test } from "vitest";
import { mask } from "./masking.ts";

test("fields keep their names, phone numbers their last two digits, everything else nothing", () => {
  const personal = {
    externalPhone: "+12025550143",
    contactName: "Ada Lovelace",
    emails: ["ada@example.com"],
    input: { phones: ["(202) 555-0199"], score: 7, text: null },
  };
  expect(mask(personal)).toEqual({
    externalPhone: "•••43",
    contactName: "•••",
    emails: ["•••"],
    input: { phones: ["•••99"], score: "•••", text: null },
  });
});

test("a text that only contains a number shows nothing of it", () => {
  expect(mask("call me at +1 202 555 0143")).toBe("•••");
  expect(mask("4711")).toBe("•••");
});

test("nothing stays nothing", () => {
  expect(mask(undefined)).toBeUndefined();
});
