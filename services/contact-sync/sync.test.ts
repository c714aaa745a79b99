import type { CloudTalkContactId, GhlContactId } from "@callbridge/events";
import { given, type Told } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import {
  agreedPair,
  cloudtalkId,
  ghlId,
  inCloudTalk,
  inGhl,
  pageOf,
  phone,
  reported,
  sync,
  typesOf,
} from "./given-pair.ts";

const nothing = { append: [], intend: [], wakeAfterMs: undefined, asked: [] };

describe("given a hint", () => {
  test("it waits until nothing more has come for a while, and asks nobody before", async () => {
    expect(await sync(given(...agreedPair, reported("ghl")), {}, 1_000)).toEqual({ ...nothing, wakeAfterMs: 2_000 });
  });

  test("a stream of hints is answered in the end", async () => {
    const storm: Told[] = Array.from(
      { length: 14 },
      (): Told => ["contact.tagged", { ghlContactId: ghlId, origin: "ghl", tag: "a" }],
    );
    const { wakeAfterMs } = await sync(given(...agreedPair, ...storm), {}, 0);
    expect(wakeAfterMs).toBe(2_000);
  });

  test("that was considered already, nothing is done again", async () => {
    const done = [
      ...agreedPair,
      reported("ghl"),
      ["contact.synced", { ghlContactId: ghlId, upTo: 5, writes: { ghl: [], cloudtalk: [] } }],
    ] as Told[];
    const history = given(...done);
    expect(await sync(history, { ghl: [inGhl()] })).toEqual(nothing);
  });

  test("about one record is not answered by a look at the other, from before the two were linked", async () => {
    const history = given(
      reported("cloudtalk"),
      reported("ghl"),
      ["contact.synced", { ghlContactId: ghlId, upTo: 2, writes: { ghl: [], cloudtalk: [] } }],
      ["contact.linked", { because: "call" }],
    );
    const decided = await sync(history, { ghl: [inGhl()], cloudtalk: [inCloudTalk({ tags: ["vip", "new"] })] });
    expect(decided.intend).toMatchObject([{ kind: "ghl.tags", input: { add: ["new"] } }]);
  });

  test("of somebody whose data was erased, nobody is read again", async () => {
    const history = given(...agreedPair, [
      "contact.reported",
      { ghlContactId: ghlId, origin: "ghl", change: "updated" },
      { erased: true },
    ]);
    expect(await sync(history, { ghl: [inGhl()] })).toEqual(nothing);
  });
});

describe("given a linked pair", () => {
  test("whose side shows what was known, only that side is read", async () => {
    const decided = await sync(given(...agreedPair, reported("cloudtalk")), {
      ghl: [inGhl()],
      cloudtalk: [inCloudTalk()],
    });
    expect(decided.asked).toEqual([`cloudtalk ${cloudtalkId}`]);
    expect(typesOf(decided)).toEqual(["contact.synced"]);
    expect(decided.intend).toEqual([]);
  });

  test("whose side shows what we wrote there, it is recognised as an echo of that write", async () => {
    const effect = { effect: "sync:cloudtalk:2002:tags:5", kind: "cloudtalk.tags", target: "cloudtalk-tags:2002" };
    const history = given(
      ...agreedPair,
      ["effect.intended", { ...effect, revision: 0, input: { contactId: cloudtalkId, add: ["new"], remove: [] } }],
      ["effect.observed", { ...effect, attempt: 1, how: "answer" }],
      reported("cloudtalk"),
    );
    const decided = await sync(history, { cloudtalk: [inCloudTalk({ tags: ["vip", "new"] })] });
    expect(decided.asked).toEqual([`cloudtalk ${cloudtalkId}`]);
    expect(decided.append[0]).toMatchObject({
      type: "echo.recognised",
      data: { effect: effect.effect, origin: "cloudtalk" },
    });
    expect(decided.intend).toEqual([]);
  });

  test("a tag added on one side is one write to the other", async () => {
    const world = { ghl: [inGhl({ tags: ["vip", "hot"] })], cloudtalk: [inCloudTalk()] };
    const { intend, append } = await sync(given(...agreedPair, reported("ghl")), world);
    expect(intend).toEqual([
      {
        ...{ kind: "cloudtalk.tags", effect: "sync:cloudtalk:2002:tags:5", target: "cloudtalk-tags:2002", revision: 0 },
        input: { contactId: cloudtalkId, add: ["hot"], remove: [] },
      },
    ]);
    // What only one side has yet is not agreed on.
    expect(append.at(-1)).toMatchObject({
      type: "contact.synced",
      data: { tags: ["vip"], writes: { cloudtalk: ["tags"] } },
    });
  });

  test("what is being written already is not written again", async () => {
    const effect = { effect: "sync:cloudtalk:2002:tags:5", kind: "cloudtalk.tags", target: "cloudtalk-tags:2002" };
    const history = given(
      ...agreedPair,
      ["effect.intended", { ...effect, revision: 0, input: { contactId: cloudtalkId, add: ["hot"], remove: [] } }],
      reported("ghl"),
    );
    const { intend } = await sync(history, { ghl: [inGhl({ tags: ["vip", "hot"] })], cloudtalk: [inCloudTalk()] });
    expect(intend).toEqual([]);
  });

  test("each kind of change is a write of its own", async () => {
    const world = {
      ghl: [inGhl({ firstName: "Eva", tags: [], phones: ["+393000000009"], emails: ["ada@rossi.example"] })],
      cloudtalk: [inCloudTalk()],
    };
    const { intend } = await sync(given(...agreedPair, reported("ghl")), world);
    expect(intend.map(({ effect, input }) => [effect, input])).toMatchObject([
      ["sync:cloudtalk:2002:fields:5", { fields: [{ field: "name", from: "Ada Rossi", to: "Eva Rossi" }] }],
      ["sync:cloudtalk:2002:phones:5", { phones: { add: ["+393000000009"], remove: [phone] } }],
      ["sync:cloudtalk:2002:emails:5", { emails: { add: ["ada@rossi.example"], remove: [] } }],
      ["sync:cloudtalk:2002:tags:5", { add: [], remove: ["vip"] }],
    ]);
  });

  test("new to each other, both are read, united, and the call centre gets the link to the CRM", async () => {
    const world = { ghl: [inGhl({ tags: ["a"] })], cloudtalk: [inCloudTalk({ tags: ["B"], externalUrls: [] })] };
    const { intend } = await sync(given("contact.linked"), world);
    expect(intend.map(({ kind, input }) => [kind, input])).toMatchObject([
      ["ghl.tags", { add: ["b"], remove: [] }],
      ["cloudtalk.contact_update", { fields: [], externalUrl: { url: pageOf(ghlId) } }],
      ["cloudtalk.tags", { add: ["a"], remove: [] }],
    ]);
  });

  test("linked by a call, nobody is read for that: the call needs the budget", async () => {
    const history = given(["contact.linked", { because: "call" }]);
    expect(await sync(history, { ghl: [inGhl()], cloudtalk: [inCloudTalk()] })).toEqual(nothing);
  });
});

describe("given a contact without a counterpart", () => {
  const inBoth = given(reported("ghl"));

  test("the only one with its number is linked", async () => {
    const { append, intend } = await sync(inBoth, { ghl: [inGhl()], cloudtalk: [inCloudTalk({ externalUrls: [] })] });
    expect(append).toContainEqual(
      expect.objectContaining({
        type: "contact.linked",
        data: { cloudtalkContactId: cloudtalkId, ghlContactId: ghlId, because: "phone" },
      }),
    );
    expect(intend).toEqual([]);
  });

  test("of several with its number, the one whose link leads to it is linked", async () => {
    const cloudtalk = [inCloudTalk({ id: "1" as CloudTalkContactId, externalUrls: [] }), inCloudTalk()];
    const { append } = await sync(inBoth, { ghl: [inGhl()], cloudtalk });
    expect(append).toContainEqual(
      expect.objectContaining({ type: "contact.linked", data: expect.objectContaining({ because: "external-url" }) }),
    );
  });

  test("of several alike nobody is guessed: a person decides", async () => {
    const cloudtalk = ["1", "2"].map((id) => inCloudTalk({ id: id as CloudTalkContactId, externalUrls: [] }));
    const { append, intend } = await sync(inBoth, { ghl: [inGhl()], cloudtalk });
    expect(append).toContainEqual(
      expect.objectContaining({
        type: "contact.ambiguous",
        data: expect.objectContaining({ because: "several-in-cloudtalk", candidates: ["1", "2"] }),
      }),
    );
    expect(intend).toEqual([]);
  });

  test("of several in GHL that share the number of one in CloudTalk, none is guessed, whichever side reports", async () => {
    const second = inGhl({ id: "GhlContact0000000005" as GhlContactId, emails: [] });
    const world = { ghl: [inGhl(), second], cloudtalk: [inCloudTalk({ externalUrls: [] })] };
    for (const side of ["ghl", "cloudtalk"] as const) {
      const { append, intend } = await sync(given(reported(side)), world);
      const question = { type: "contact.ambiguous", data: expect.objectContaining({ because: "several-in-ghl" }) };
      expect(append).toContainEqual(expect.objectContaining(question));
      expect(append.some(({ type }) => type === "contact.linked")).toBe(false);
      expect(intend).toEqual([]);
    }
  });

  test("nobody there: it is made with all that is known, once the index had its time", async () => {
    const world = { ghl: [inGhl({ emails: ["Ada@Rossi.example"], city: "Rome" })] };
    expect((await sync(inBoth, world, 3_500)).wakeAfterMs).toBe(3_000);
    const { intend } = await sync(inBoth, world);
    expect(intend).toEqual([
      {
        ...{ kind: "cloudtalk.contact", effect: `cloudtalk-contact:${ghlId}`, target: `cloudtalk-contact:${ghlId}` },
        revision: 0,
        input: {
          ...{ name: "Ada Rossi", phones: [phone], emails: ["ada@rossi.example"], fields: { city: "Rome" } },
          ...{ tags: ["vip"], externalUrl: { name: "GoHighLevel", url: pageOf(ghlId) } },
        },
      },
    ]);
  });

  test("nobody in the CRM: it is made there under the number that calls of strangers use too", async () => {
    const { intend } = await sync(given(reported("cloudtalk")), { cloudtalk: [inCloudTalk({ externalUrls: [] })] });
    expect(intend).toMatchObject([
      {
        ...{ kind: "ghl.contact", effect: `ghl-contact:${cloudtalkId}` },
        target: expect.stringMatching(/^ghl-contact:[0-9a-f]+$/),
        input: { phone, name: "Ada Rossi", tags: ["vip"] },
      },
    ]);
  });

  test("where nothing may be made, or it has no number, nothing is", async () => {
    const settings = { create: { cloudtalk: false } };
    expect((await sync(inBoth, { ghl: [inGhl()], settings })).intend).toEqual([]);
    expect((await sync(inBoth, { ghl: [inGhl({ phones: [] })] })).intend).toEqual([]);
  });

  test("while it is being made, nobody is linked by the number and nobody is read: the one found may be the copy", async () => {
    const making = {
      effect: `cloudtalk-contact:${ghlId}`,
      kind: "cloudtalk.contact",
      target: `cloudtalk-contact:${ghlId}`,
    };
    const history = given(
      reported("ghl"),
      ["contact.synced", { ghlContactId: ghlId, upTo: 1, writes: { ghl: [], cloudtalk: [] } }],
      ["effect.intended", { ...making, revision: 0, input: {} }],
      ["effect.attempted", { ...making, attempt: 1, host: "cloudtalk.example" }],
      reported("ghl"),
    );
    const world = { ghl: [inGhl()], cloudtalk: [inCloudTalk({ externalUrls: [] })] };
    expect(await sync(history, world)).toEqual({ ...nothing, wakeAfterMs: 10_000 });
  });

  test("once it was made, the two are linked", async () => {
    const effect = {
      effect: `cloudtalk-contact:${ghlId}`,
      kind: "cloudtalk.contact",
      target: `cloudtalk-contact:${ghlId}`,
    };
    const history = given(
      reported("ghl"),
      ["effect.intended", { ...effect, revision: 0, input: {} }],
      ["effect.observed", { ...effect, attempt: 1, how: "answer", vendorId: cloudtalkId }],
    );
    expect((await sync(history, {})).append).toMatchObject([
      { type: "contact.linked", data: { cloudtalkContactId: cloudtalkId, ghlContactId: ghlId, because: "created" } },
    ]);
  });

  test("known by its number alone, the report is passed on to the one who has it", async () => {
    const told: Told = [
      "contact.reported",
      { ghlContactId: undefined, origin: "cloudtalk", change: "updated", phones: [phone] },
      { stream: "contact:phone:h" },
    ];
    const { append } = await sync(given(told), { cloudtalk: [inCloudTalk()] });
    expect(append).toMatchObject([
      { type: "contact.reported", stream: `contact:ct:${cloudtalkId}`, data: { cloudtalkContactId: cloudtalkId } },
      { type: "contact.synced", stream: "contact:phone:h" },
    ]);
  });
});
