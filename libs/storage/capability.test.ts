import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { capabilityOf, refOf } from "./index.ts";

const key = randomBytes(32);
const refs = fc.stringMatching(/^[a-z]{1,10}\/[0-9a-f]{64}$/);

describe("a capability", () => {
  it("opens the object that it was made for, and is always the same", () => {
    fc.assert(
      fc.property(refs, (ref) => {
        expect(refOf(capabilityOf(ref, key), key)).toBe(ref);
        expect(capabilityOf(ref, key)).toBe(capabilityOf(ref, key));
      }),
    );
  });

  it("fits in a path of a URL as it is", () => {
    const capability = capabilityOf("recording/abc", key);
    expect(encodeURIComponent(capability)).toBe(capability);
  });

  it("opens nothing when a character is changed, added or taken away", () => {
    const capability = capabilityOf(`recording/${"a1".repeat(32)}`, key);
    fc.assert(
      fc.property(fc.nat(capability.length - 1), fc.constantFrom(..."abcXYZ019-_.=+/ %"), (at, character) => {
        fc.pre(capability[at] !== character);
        expect(refOf(capability.slice(0, at) + character + capability.slice(at + 1), key)).toBeUndefined();
        expect(refOf(capability.slice(0, at) + capability.slice(at + 1), key)).toBeUndefined();
        expect(refOf(capability + character, key)).toBeUndefined();
      }),
    );
  });

  it("opens nothing with another key, for another object, or when it was never one", () => {
    const [one, other] = [capabilityOf("recording/one", key), capabilityOf("recording/other", key)];
    expect(refOf(one, randomBytes(32))).toBeUndefined();
    expect(refOf(`${one.split(".")[0]}.${other.split(".")[1]}`, key)).toBeUndefined();
    for (const text of ["", ".", "..", "recording/one", Buffer.from("../x").toString("base64url")]) {
      expect(refOf(text, key)).toBeUndefined();
    }
    expect(refOf(capabilityOf("../../etc/passwd", key), key)).toBeUndefined();
  });
});
