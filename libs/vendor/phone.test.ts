import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPhone } from "./phone.ts";

describe("a phone number", () => {
  test.each<[unknown, string | undefined, "international" | "national", string]>([
    ["+1 (202) 555-0143", undefined, "national", "+12025550143"],
    ["0012025550143", undefined, "national", "+12025550143"],
    [12025550143, undefined, "international", "+12025550143"],
    ["02 1234 5678", "IT", "national", "+390212345678"],
    ["393331234567", "IT", "international", "+393331234567"],
    ["2025550143", "US", "national", "+12025550143"],
    // The predecessor made numbers of other countries of these: its plus was put before whatever stood there.
    ["3510000001", "IT", "national", "+393510000001"],
    ["351 000 0001", "IT", "national", "+393510000001"],
    ["00393331234567", "IT", "national", "+393331234567"],
    ["06 1234 5678", "IT", "national", "+390612345678"],
    ["393331234567", "IT", "national", "+393331234567"],
  ])("%j (country %s, %s) is %s", (value, country, assume, e164) => {
    expect(readPhone(value, country, assume)).toEqual({ e164 });
  });

  test.each(["", "  ", "anonymous", "Withheld", "null", null, undefined, {}, []])("%j is none", (value) => {
    expect(readPhone(value, "US", "national")).toBeUndefined();
  });

  test.each(["12", "agent seven", "+1", "99999999999999999999"])("%j is kept as what cannot be one", (value) => {
    expect(readPhone(value, undefined, "international")).toEqual({ invalid: value });
  });

  test("of an unknown country is read as if no country was set", () => {
    expect(readPhone("+12025550143", "XX", "national")).toEqual({ e164: "+12025550143" });
  });

  test("never throws, and is E.164 or said to be invalid", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.double(), fc.anything()),
        fc.constantFrom("IT", "XX", undefined),
        (value, country) => {
          const phone = readPhone(value, country, "international");
          if (phone && "e164" in phone) expect(phone.e164).toMatch(/^\+\d{4,17}$/);
        },
      ),
    );
  });
});
