import type { GhlContactId } from "@callbridge/events";
import type { GhlContact } from "@callbridge/ghl";
import { given, memoryLog, type Told, when } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { rematchHandler } from "./rematch.ts";

const gone = "GhlContact0000000002";
const refused: Told[] = ["effect.intended", "effect.attempted", ["effect.failed", { status: 404, because: "404" }]];
const noted: Told[] = ["call.ended", "call.identified", "call.matched", ...refused];
const contact = (id: string): GhlContact => ({
  ...{ id: id as GhlContactId, phones: ["+393000000001"], emails: [], tags: [], customFields: [] },
});
const nothing = { append: [], intend: [], wakeAfterMs: undefined };

type Crm = { holders?: string[]; agree?: boolean; isThere?: boolean; afterMs?: number };

/** Decides on the refusal of a note, in a CRM where `holders` have the number. */
async function rematch(told: Told[], { holders = [], agree = true, isThere = false, afterMs = 0 }: Crm = {}) {
  const handler = rematchHandler({
    log: memoryLog(),
    indexLagMs: 5_000,
    ghl: {
      contact: async (id) => (isThere ? contact(id) : undefined),
      findContactsByPhone: async () => ({ contacts: holders.map(contact), agree }),
    },
  });
  return await when(handler, given(...told), { afterMs });
}

describe("given a note that was refused because its contact is gone", () => {
  test("the call goes to the only other contact with the number", async () => {
    const { append } = await rematch(noted, { holders: [gone, "Kept"] });
    expect(append).toMatchObject([{ type: "call.matched", data: { ghlContactId: "Kept", because: "phone" } }]);
    expect(append[0]?.key).toEqual({ fact: "call:u:uuid-1/contact:after:6" });
  });

  test("of several others nobody is guessed", async () => {
    const { append } = await rematch(noted, { holders: ["Kept", "Other"] });
    expect(append).toMatchObject([{ data: { because: "ambiguous", candidates: ["Kept", "Other"] } }]);
  });

  test("when nobody is left, and the index cannot be late any more, a person is asked and nobody is made", async () => {
    expect(await rematch(noted, { holders: [gone] })).toEqual({ ...nothing, wakeAfterMs: 3_000 });
    const { append, intend } = await rematch(noted, { holders: [gone], afterMs: 5_000 });
    expect(append).toMatchObject([{ type: "call.unmatched", data: { because: "contact-gone" } }]);
    expect(intend).toEqual([]);
  });
});

test.each<[string, Told[], Crm?]>([
  ["the contact is there, so it was refused for something else", noted, { isThere: true, holders: ["Kept"] }],
  ["it is tried again", [...noted.slice(0, -1), ["effect.failed", { final: false }]], { holders: ["Kept"] }],
  [
    "the call has another contact by now",
    [...noted.slice(0, 3), ["call.matched", { ghlContactId: "Kept" }], ...refused],
  ],
  ["a person was asked already", [...noted.slice(0, 3), "call.unmatched", ...refused]],
  ["the call is erased", [["call.ended", {}, { erased: true }], ...noted.slice(1)], { holders: ["Kept"] }],
])("nothing is done when %s", async (_, told, crm) => {
  expect(await rematch(told, crm)).toEqual(nothing);
});
