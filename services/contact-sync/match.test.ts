import type { GhlContactId, LogEvent } from "@callbridge/events";
import type { GhlContact } from "@callbridge/ghl";
import { given, hash, memoryLog, type Told, when } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { matchHandler } from "./match.ts";

const ada = "+393000000001";
const indexLagMs = 5_000;
const contact = (id: string): GhlContact => ({
  ...{ id: id as GhlContactId, phones: [ada], emails: [], tags: [], customFields: [] },
});

type Crm = { holders?: string[]; agree?: boolean; unknownCaller?: "create" | "inbox"; afterMs?: number };

/** Decides on the last event, in a CRM where `holders` have the number. */
async function match(history: LogEvent[], { holders = [], agree = true, unknownCaller = "create", afterMs }: Crm = {}) {
  const asked: string[] = [];
  const findContactsByPhone = async (phone: string) => {
    asked.push(phone);
    return { contacts: holders.map(contact), agree };
  };
  const handler = matchHandler({ log: memoryLog(), ghl: { findContactsByPhone }, unknownCaller, indexLagMs });
  return { ...(await when(handler, history, { afterMs: afterMs ?? 0 })), asked };
}

const identified = (facts = {}): LogEvent[] => given("call.ended", ["call.identified", facts]);
const nothing = { append: [], intend: [], wakeAfterMs: undefined, asked: [] };

describe("given an identified call", () => {
  test("whose number exactly one person holds, it is matched, once and without a doubt", async () => {
    const { append, asked } = await match(identified(), { holders: ["Ada"] });
    expect(asked).toEqual([ada]);
    expect(append).toEqual([
      {
        type: "call.matched",
        stream: "call:u:uuid-1",
        key: { fact: "call:u:uuid-1/contact" },
        data: { ghlContactId: "Ada", cloudtalkContactId: undefined, because: "phone" },
        personal: {},
      },
    ]);
  });

  test("with a known CloudTalk contact, the two are linked too; that contact is never linked to a second person", async () => {
    const links = [];
    for (const holder of ["Ada", "Bob"]) {
      const { append } = await match(identified({ cloudtalkContactId: "2002" }), { holders: [holder] });
      expect(append[0]?.data).toMatchObject({ ghlContactId: holder, cloudtalkContactId: "2002" });
      links.push(append[1]);
    }
    expect(links[0]).toEqual({
      type: "contact.linked",
      stream: "contact:ghl:Ada",
      key: { fact: "link:2002" },
      data: { cloudtalkContactId: "2002", ghlContactId: "Ada", because: "call" },
      personal: {},
    });
    expect(links[1]?.key).toEqual(links[0]?.key);
  });

  test("whom the CRM's two look-ups disagree about, it looks again, and believes the holder after a minute", async () => {
    const history = identified();
    const disagreeing = { holders: ["Ada"], agree: false };
    expect(await match(history, disagreeing)).toMatchObject({ append: [], intend: [], wakeAfterMs: 3_000 });
    expect(await match(history, { ...disagreeing, afterMs: 59_000 })).toMatchObject({ append: [], wakeAfterMs: 3_000 });
    const late = await match(history, { ...disagreeing, afterMs: 60_000 });
    expect(late.append[0]?.data).toMatchObject({ ghlContactId: "Ada" });
  });

  test.each([true, false])("whose number several people hold, nobody is guessed (agreeing: %s)", async (agree) => {
    const { append, intend } = await match(identified(), { holders: ["Ada", "Bob"], agree });
    expect(append).toMatchObject([
      { type: "call.unmatched", data: { because: "ambiguous", candidates: ["Ada", "Bob"] } },
    ]);
    expect(intend).toEqual([]);
  });

  test("of an unknown caller, a contact is wanted once the CRM's index cannot be late any more", async () => {
    const history = identified({ contactName: "Ada R." });
    expect(await match(history)).toMatchObject({ append: [], intend: [], wakeAfterMs: 3_000 });
    const { append, intend } = await match(history, { afterMs: indexLagMs });
    expect(append).toEqual([]);
    expect(intend).toEqual([
      {
        kind: "ghl.contact",
        effect: "contact:call:u:uuid-1",
        target: `ghl-contact:${hash(ada)}`,
        revision: 0,
        input: { phone: ada, name: "Ada R." },
      },
    ]);
  });

  test("of an unknown caller, it goes to the inbox where contacts are not created", async () => {
    const { append, intend } = await match(identified(), { unknownCaller: "inbox" });
    expect(append).toMatchObject([{ type: "call.unmatched", data: { because: "unknown-caller" } }]);
    expect(intend).toEqual([]);
  });

  test.each([
    ["withheld", { withheld: true }],
    ["internal", { direction: "internal" }],
    ["no-phone", { externalPhone: undefined }],
    ["invalid-phone", { externalPhone: undefined, invalidPhone: "12" }],
  ])("that is %s, nobody is looked for and nobody created", async (because, facts) => {
    const history = given(["call.ended", { externalPhone: undefined }], ["call.identified", facts]);
    const { append, asked } = await match(history, { holders: ["Ada"], afterMs: 60_000 });
    expect(append).toMatchObject([{ type: "call.unmatched", data: { because } }]);
    expect(asked).toEqual([]);
  });
});

describe("given a call that nobody was looked for because it had no number", () => {
  const history = (facts = {}) =>
    given(
      ["call.ended", { externalPhone: undefined }],
      ["call.identified", { externalPhone: undefined, because: "deadline" }],
      ["call.unmatched", { because: "no-phone" }],
      ["call.identified", facts],
    );

  test("when the number comes after all, it is matched", async () => {
    const { append } = await match(history(), { holders: ["Ada"] });
    expect(append).toMatchObject([
      { type: "call.matched", key: { fact: "call:u:uuid-1/contact:2" }, data: { ghlContactId: "Ada" } },
    ]);
  });

  test("when it does not, that stays the verdict", async () => {
    expect(await match(history({ externalPhone: undefined }), { holders: ["Ada"] })).toEqual(nothing);
  });
});

test("given two people, when a report brings the other's number during the look-up, the call is the other's", async () => {
  const bob = "+393000000009";
  const findContactsByPhone = async (phone: string) => ({
    contacts: [{ ...contact(phone === bob ? "Bob" : "Ada"), phones: [phone] }],
    agree: true,
  });
  const handler = matchHandler({ log: memoryLog(), ghl: { findContactsByPhone }, unknownCaller: "create", indexLagMs });
  const answers = new Map<string, Promise<unknown>>();
  const once = <T>(name: string, read: () => Promise<T>) => {
    if (!answers.has(name)) answers.set(name, read());
    return answers.get(name) as Promise<T>;
  };
  const before = identified();
  const after = [...before, ...given(["call.modified", { callUuid: "uuid-1", externalPhone: bob }])];
  const [, event] = before;
  if (!event) throw new Error("no event");
  const context = { now: new Date(event.recordedAt), hash, once, signal: new AbortController().signal };
  await handler.decide(event, handler.fold(before), context);
  const { append } = await handler.decide(event, handler.fold(after), context);
  expect(append?.[0]?.data).toMatchObject({ ghlContactId: "Bob" });
});

describe("nothing is done", () => {
  const noId = { callId: undefined, callUuid: undefined };
  test.each<[string, Told[]]>([
    ["before the call is identified", ["call.ended"]],
    ["when it is matched already", ["call.matched", "call.identified"]],
    ["when it is known why not", ["call.unmatched", "call.identified"]],
    [
      "for a report without any id",
      [
        ["call.ended", noId],
        ["call.identified", noId],
      ],
    ],
    [
      "for an erased call",
      [
        ["call.ended", {}, { erased: true }],
        ["call.identified", {}, { erased: true }],
      ],
    ],
    ["about effects of other kinds", ["call.identified", "effect.intended", "effect.observed"]],
  ])("%s", async (_, history) => {
    expect(await match(given(...history), { holders: ["Ada"] })).toEqual(nothing);
  });
});

describe("given that a contact was to be created", () => {
  const creation = { effect: "contact:call:u:uuid-1", kind: "ghl.contact", target: `ghl-contact:${hash(ada)}` };
  const after = (...told: Told[]) =>
    given("call.ended", ["call.identified", { cloudtalkContactId: "2002" }], ["effect.intended", creation], ...told);

  test("it waits for the end of it", async () => {
    expect(await match(after())).toEqual(nothing);
    expect(await match(after(["effect.failed", { ...creation, final: false }]))).toEqual(nothing);
  });

  test("the call belongs to whom was created, and the two are linked", async () => {
    const { append, asked } = await match(after(["effect.observed", { ...creation, vendorId: "New" }]));
    expect(append).toMatchObject([
      { type: "call.matched", data: { ghlContactId: "New", because: "created" } },
      { type: "contact.linked", data: { ghlContactId: "New", cloudtalkContactId: "2002", because: "created" } },
    ]);
    expect(asked).toEqual([]);
  });

  test("when it was refused and a person sent it again, the call belongs to whom that created", async () => {
    const again = { ...creation, effect: `${creation.effect}:redrive:1` };
    const refused: Told[] = [
      ["effect.failed", creation],
      ["call.unmatched", { because: "creation-failed" }],
    ];
    expect(await match(after(...refused, ["effect.intended", again], ["effect.failed", again]))).toEqual(nothing);
    const { append } = await match(
      after(...refused, ["effect.intended", again], ["effect.observed", { ...again, vendorId: "New" }]),
    );
    expect(append[0]).toMatchObject({
      ...{ type: "call.matched", key: { fact: "call:u:uuid-1/contact:2" } },
      data: { ghlContactId: "New", because: "created" },
    });
  });

  test.each<Told>([
    ["effect.failed", creation],
    ["effect.unknown", creation],
    ["effect.skipped", creation],
  ])("when it came to nothing (%s), the CRM is asked once more before it is given up", async (...end) => {
    const history = after(end as Told);
    const gone = await match(history);
    expect(gone.append).toMatchObject([{ type: "call.unmatched", data: { because: "creation-failed" } }]);
    const several = await match(history, { holders: ["Ada", "Bob"] });
    expect(several.append[0]?.data).toMatchObject({ because: "ambiguous", candidates: ["Ada", "Bob"] });
    const there = await match(history, { holders: ["Ada"] });
    expect(there.append[0]?.data).toMatchObject({ ghlContactId: "Ada", because: "phone" });
    const unsure = { holders: ["Ada"], agree: false };
    expect((await match(history, unsure)).wakeAfterMs).toBe(3_000);
    expect((await match(history, { ...unsure, afterMs: 60_000 })).append[0]?.data).toMatchObject({
      ghlContactId: "Ada",
    });
  });
});
