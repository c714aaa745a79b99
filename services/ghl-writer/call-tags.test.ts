import { settingsOf } from "@callbridge/service";
import { given, historyAfter, type Told, when } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { callTagsHandler } from "./call-tags.ts";

const contactId = "GhlContact0000000002";
const nothing = { append: [], intend: [], wakeAfterMs: undefined };
const handlerOf = (callTags: object = {}) => callTagsHandler(settingsOf({ callTags }).callTags);
const tagged = (tag: string): Told => ["call.tagged", { callUuid: "uuid-1", tag }];

describe("given tags of a call", () => {
  test.each<[string, Told[]]>([
    ["before", [tagged("Sale"), tagged("Hot Lead"), "call.matched"]],
    ["after", ["call.matched", tagged("Sale"), tagged("Hot Lead")]],
  ])("they are added to the call's contact with one write, when they came %s the match", async (_, history) => {
    const { intend } = await when(handlerOf(), given(...history));
    expect(intend).toMatchObject([
      {
        kind: "ghl.tags",
        target: `ghl-tags:${contactId}`,
        revision: 0,
        input: { contactId, add: ["call-sale", "call-hot lead"], remove: [] },
      },
    ]);
  });

  test("names of the configuration are taken as they stand, whatever the tag's case", async () => {
    const handler = handlerOf({ names: { sale: "Sold", "Wrong number": null }, prefix: "ct:" });
    const { intend } = await when(
      handler,
      given("call.matched", tagged("SALE"), tagged("wrong number"), tagged("VIP")),
    );
    expect(intend.map(({ input }) => input.add)).toEqual([["sold", "ct:vip"]]);
  });

  test("others are left out on request", async () => {
    const handler = handlerOf({ names: { Sale: "sold" }, others: false });
    expect(await when(handler, given("call.matched", tagged("VIP")))).toEqual(nothing);
  });

  test("what was intended is not intended again, and a later one alone", async () => {
    let history = given("call.matched", tagged("Sale"));
    const event = history.at(-1);
    if (!event) throw new Error("no event");
    history = historyAfter(history, event, await when(handlerOf(), history), new Date(event.recordedAt));
    expect(await when(handlerOf(), history, { event })).toEqual(nothing);
    const [, later] = given("call.matched", tagged("VIP"));
    if (later) history = [...history, { ...later, position: 9 }];
    expect((await when(handlerOf(), history)).intend.map(({ input }) => input.add)).toEqual([["call-vip"]]);
  });

  test("of a call that another contact has got, because the first was merged into it, they go there too", async () => {
    let history = given("call.matched", tagged("Sale"));
    const event = history.at(-1);
    if (!event) throw new Error("no event");
    const first = await when(handlerOf(), history);
    history = historyAfter(history, event, first, new Date(event.recordedAt));
    const [again] = given(["call.matched", { ghlContactId: "GhlContact0000000009" }]);
    if (again) history = [...history, { ...again, position: 9 }];
    const { intend } = await when(handlerOf(), history);
    expect(intend).toMatchObject([{ input: { contactId: "GhlContact0000000009", add: ["call-sale"] } }]);
    expect(intend[0]?.effect).not.toBe(first.intend[0]?.effect);
  });

  test.each<[string, Told[]]>([
    ["nobody's", [tagged("Sale"), "call.unmatched"]],
    ["not matched yet", [tagged("Sale")]],
    ["erased", [tagged("Sale"), ["call.matched", {}, { erased: true }]]],
  ])("those of a call that is %s go nowhere", async (_, history) => {
    expect(await when(handlerOf(), given(...history))).toEqual(nothing);
  });
});
