import type { LogEvent } from "@callbridge/events";
import { given, type Told } from "@callbridge/testing";
import { expect, test } from "vitest";
import { outcomeIn } from "./import-outcome.ts";
import { foldPair } from "./pair.ts";

const id = "GhlContact0000000002";
const effect = { effect: `cloudtalk-contact:${id}`, kind: "cloudtalk.contact", target: `cloudtalk-contact:${id}` };
const begun: Told = ["contact.reported", { ghlContactId: id, cloudtalkContactId: undefined }];
const linked = (because: string, compared = true): Told => [
  "contact.linked",
  { ghlContactId: id, cloudtalkContactId: "2002", because, compared },
];
const intended: Told = ["effect.intended", { ...effect, revision: 0, input: {} }];
const end = (type: "effect.failed" | "effect.skipped" | "effect.observed", facts: object = {}): Told => [
  type,
  { ...effect, ...facts },
];
const outcome = (history: Told[], { since = 1, isIntroduced = false, afterMs = 0 } = {}) => {
  const events: LogEvent[] = given(...history);
  const now = new Date(Date.parse(events.at(-1)?.recordedAt ?? "") + afterMs);
  return outcomeIn(events, foldPair(events), { from: "ghl", since, isIntroduced }, now);
};

test("who was linked before the import was asked for is told from who was linked since", () => {
  expect(outcome([linked("phone")], { since: 2 })).toBe("linkedBefore");
  expect(outcome([linked("phone")])).toBe("linked");
  expect(outcome([linked("created")])).toBe("created");
});

test("a linked pair is under way until it was compared, but not for ever", () => {
  expect(outcome([linked("phone", false)])).toBe("under way");
  expect(outcome([linked("phone", false)], { afterMs: 11 * 60_000 })).toBe("linked");
});

test("a counterpart in the making is under way; a refused one counts with its reason", () => {
  expect(outcome([begun, intended])).toBe("under way");
  expect(outcome([begun, intended, end("effect.failed", { final: false })])).toBe("under way");
  expect(outcome([begun, intended, end("effect.failed", { final: true, because: "406 name" })])).toEqual({
    refused: "406 name",
  });
  expect(outcome([begun, intended, end("effect.skipped", { because: "several" })])).toEqual({ refused: "several" });
});

test("a counterpart that was found and cannot be linked is another's", () => {
  const found = [begun, intended, end("effect.observed", { vendorId: "2002" })];
  expect(outcome(found)).toBe("under way");
  expect(outcome(found, { afterMs: 61_000 })).toEqual({ refused: "the counterpart that was found is another's" });
});

test("an ambiguous contact is looked at once more by each import, and left to a person again", () => {
  const ambiguous: Told = [
    "contact.ambiguous",
    { ghlContactId: id, because: "several-in-cloudtalk", candidates: ["1", "2"] },
  ];
  expect(outcome([begun])).toBe("fresh");
  expect(outcome([begun, ambiguous])).toBe("fresh");
  expect(outcome([begun, ambiguous], { isIntroduced: true })).toBe("ambiguous");
});

test("a contact that is gone, or was erased, is brought nowhere", () => {
  expect(outcome([begun, ["contact.deleted", { ghlContactId: id, side: "ghl" }]])).toEqual({ refused: "it is gone" });
  expect(outcome([["contact.reported", { ghlContactId: id }, { erased: true }]])).toEqual({ refused: "erased" });
});
