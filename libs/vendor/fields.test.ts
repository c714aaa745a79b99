import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFields } from "./fields.ts";

describe("the fields of a webhook body", () => {
  test.each(["call_id", "Call_id", "callId", "CALL-ID", "Call ID"])(
    "are found whatever their spelling (%s)",
    (name) => {
      expect(readFields({ [name]: 42 }).id("callid")).toBe("42");
    },
  );

  test("are found in depth, and what the operator put into customData comes first", () => {
    const fields = readFields({ contact: { Phone: "1" }, phone: "top", customData: { phone: "mine" } });
    expect([fields.text("contact.phone"), fields.text("phone")]).toEqual(["1", "mine"]);
    expect(readFields({ phone: "top", customData: { phone: "" } }).text("phone")).toBe("top");
  });

  test.each(["", "  ", "null", "undefined", "[object Object]", "{{contact.phone}}", null])(
    "that hold nothing are absent (%j)",
    (value) => {
      const fields = readFields({ phone: value, other: "1" });
      expect([fields.text("phone"), fields.text("phone", "other"), fields.has("phone")]).toEqual([
        undefined,
        "1",
        true,
      ]);
    },
  );

  test.each([
    [65, 65],
    ["65", 65],
    ["1:05", 65],
    ["00:01:05", 65],
    ["0", 0],
    ["soon", undefined],
    [-1, undefined],
  ])("read %j as %j seconds", (value, seconds) => {
    expect(readFields({ duration: value }).seconds("duration")).toBe(seconds);
  });

  test.each([
    ["2026-11-22T10:00:00+01:00", "2026-11-22T09:00:00.000Z"],
    ["2026-11-22 10:00:00", "2026-11-22T10:00:00.000Z"],
    [1_700_000_000, "2023-11-14T22:13:20.000Z"],
    ["1700000000000", "2023-11-14T22:13:20.000Z"],
    ["2026-13-45T10:00:00Z", undefined],
    ["yesterday", undefined],
  ])("read %j as the instant %j", (value, instant) => {
    expect(readFields({ at: value }).instant("at")).toBe(instant);
  });

  test("read lists of texts, of names and of comma-separated text", () => {
    const list = (tags: unknown) => readFields({ tags }).list("tags");
    expect([list(["a", " b "]), list([{ name: "a" }, { name: "b" }]), list("a, b,")]).toEqual([
      ["a", "b"],
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  test("read yes and no in any form", () => {
    const boolean = (value: unknown) => readFields({ value }).boolean("value");
    expect([true, 1, "YES", "true"].map(boolean)).toEqual([true, true, true, true]);
    expect([false, 0, "no", "False"].map(boolean)).toEqual([false, false, false, false]);
    expect(boolean("maybe")).toBeUndefined();
  });

  test("never throw, whatever the body is", () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        const { isEmpty: _, ...reads } = readFields(body);
        for (const read of Object.values(reads)) for (const name of ["a", "tostring", "customdata"]) read(name);
      }),
    );
  });

  test("of an endless body are read up to a limit", () => {
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, index]));
    expect(readFields(wide).number("field10")).toBe(10);
    expect(readFields(wide).number("field4999")).toBeUndefined();
    const deep = Array.from({ length: 5_000 }).reduce<object>((inner) => ({ a: inner }), { b: 1 });
    expect(readFields(deep).number("b")).toBeUndefined();
  });
});
