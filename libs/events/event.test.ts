import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { catalogue, linksOf, unlinksOf } from "./catalogue.ts";
import { NewerEvent, parseEvent } from "./event.ts";
import { canonicalText } from "./normalised.ts";
import { stream } from "./streams.ts";

describe("parsing an event", () => {
  test("gives data and personal data of its type, without what the catalogue does not know", () => {
    const data = { callUuid: "u", talkingSeconds: 0, surprise: 1 };
    expect(parseEvent("call.ended", 1, data, { externalPhone: "+12025550143", extra: 1 })).toEqual({
      type: "call.ended",
      data: { callUuid: "u", talkingSeconds: 0 },
      personal: { externalPhone: "+12025550143" },
    });
  });

  test("of an unknown type or a newer version is a matter for a newer build", () => {
    expect(() => parseEvent("call.cloned", 1, {}, {})).toThrow(NewerEvent);
    expect(() => parseEvent("call.ended", 2, {}, {})).toThrow(NewerEvent);
    expect(() => parseEvent("toString", 1, {}, {})).toThrow(NewerEvent);
  });

  test("refuses data that does not fit", () => {
    expect(() => parseEvent("call.ended", 1, { talkingSeconds: -1 }, {})).toThrow(/talkingSeconds/);
    expect(() => parseEvent("call.identified", 1, {}, {})).toThrow(/outcome/);
  });

  test.each(Object.entries(catalogue))("reads %s also when its personal data is erased", (_type, { personal }) => {
    expect(personal.safeParse({}).success).toBe(true);
  });
});

describe("links", () => {
  test("join the two ids of a call whichever of its events names both", () => {
    expect(linksOf("call.ended", { callId: "1", callUuid: "u" })).toEqual([["call:n:1", "call:u:u"]]);
    expect(linksOf("call.identified", { callId: "1", callUuid: "u" })).toHaveLength(1);
    expect(linksOf("call.ended", { callUuid: "u" })).toEqual([]);
    expect(linksOf("call.ended", { callId: 1, callUuid: "u" })).toEqual([]);
  });

  test("join the two records of a person only when somebody decided that", () => {
    const both = { cloudtalkContactId: "5", ghlContactId: "g" };
    expect(linksOf("contact.linked", both)).toEqual([["contact:ct:5", "contact:ghl:g"]]);
    expect(linksOf("contact.reported", both)).toEqual([]);
    expect(linksOf("contact.unlinked", both)).toEqual([]);
    expect(unlinksOf("contact.unlinked", both)).toEqual([["contact:ct:5", "contact:ghl:g"]]);
    expect(unlinksOf("contact.linked", both)).toEqual([]);
    expect(linksOf("effect.observed", { callId: "1", callUuid: "u" })).toEqual([]);
  });
});

test("no two kinds of id share a stream", () => {
  const names = Object.values(stream).map((name) => name("1"));
  expect(new Set(names).size).toBe(names.length);
});

describe("the canonical text of a value", () => {
  test("does not depend on the order of its keys, but on everything else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.func(fc.nat()), (value, order) => {
        const reordered = JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
          typeof part === "object" && part !== null && !Array.isArray(part)
            ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => order(a) - order(b)))
            : part,
        );
        expect(canonicalText(reordered)).toBe(canonicalText(value));
        expect(JSON.parse(canonicalText(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalText({ a: undefined, b: 1 })).toBe(canonicalText({ b: 1 }));
    expect(canonicalText([1, 2])).not.toBe(canonicalText([2, 1]));
  });
});
