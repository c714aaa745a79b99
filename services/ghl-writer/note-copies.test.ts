import type { LogEvent } from "@callbridge/events";
import { given, hash, historyAfter, type Told, when } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { callNotesHandler, contactNotesHandler } from "./note-copies.ts";

const contactId = "GhlContact0000000002";
const nothing = { append: [], intend: [], wakeAfterMs: undefined };
const mark = (target: string) => `[ref callbridge:${hash(target).slice(0, 16)}]`;

describe("given a note on a contact in CloudTalk", () => {
  const onContact = { stream: "contact:ct:2002" };
  const noted = (facts: Record<string, unknown> = {}, place: object = {}): Told => [
    "note.added",
    { cloudtalkContactId: "2002", origin: "cloudtalk", change: "added", noteId: "7", note: "Likes tea", ...facts },
    { ...onContact, ...place },
  ];
  const handler = contactNotesHandler();

  test("it is copied with its author to the linked contact, and cannot become markup", async () => {
    const history = given("contact.linked", noted({ note: "1 < 2", author: "Sarah" }));
    expect((await when(handler, history)).intend).toEqual([
      {
        kind: "ghl.note_copy",
        effect: "ghl-note-copy:note:7:2",
        target: "ghl-note-copy:note:7",
        revision: 2,
        input: { contactId, body: "Note by Sarah · CloudTalk\n1 &lt; 2" },
      },
    ]);
  });

  test("it waits for the counterpart, with all that came before", async () => {
    const early = given(noted(), noted({ noteId: undefined, note: "Second" }));
    expect(await when(handler, early)).toEqual(nothing);
    const { intend } = await when(
      handler,
      given(noted(), noted({ noteId: undefined, note: "Second" }), "contact.linked"),
    );
    expect(intend.map(({ input }) => input.body)).toEqual(["Note · CloudTalk\nLikes tea", "Note · CloudTalk\nSecond"]);
  });

  test("it is not written again when it is reported again, and is when it was changed", async () => {
    let history = given("contact.linked", noted());
    const event = history.at(-1);
    if (!event) throw new Error("no event");
    history = historyAfter(history, event, await when(handler, history), new Date(event.recordedAt));
    const again = (facts: Record<string, unknown>) => {
      const [, next] = given("contact.linked", noted(facts));
      return next ? [...history, { ...next, position: 9, id: "event-9" }] : history;
    };
    expect(await when(handler, again({}))).toEqual(nothing);
    const changed = await when(handler, again({ change: "updated", note: "Likes coffee" }));
    expect(changed.intend).toMatchObject([
      { target: "ghl-note-copy:note:7", revision: 9, input: { body: "Note · CloudTalk\nLikes coffee" } },
    ]);
    const deleted = await when(handler, again({ change: "deleted", note: undefined }));
    expect(deleted.intend).toMatchObject([{ target: "ghl-note-copy:note:7", revision: 9, input: { contactId } }]);
    expect(deleted.intend[0]?.input).not.toHaveProperty("body");
  });

  test("a deletion of what was never copied does nothing", async () => {
    expect(await when(handler, given("contact.linked", noted({ change: "deleted", note: undefined })))).toEqual(
      nothing,
    );
  });

  test("with our mark it is an echo of the effect that wrote it, and is never copied", async () => {
    const target = "cloudtalk-note:N1";
    const effect = { kind: "cloudtalk.note", effect: `${target}:1`, target };
    const written: Told = ["effect.intended", effect, { stream: `contact:ghl:${contactId}` }];
    const echo = noted({ note: `Hello ${mark(target)}` });
    const { append, intend } = await when(handler, given("contact.linked", written, echo));
    expect(intend).toEqual([]);
    expect(append).toMatchObject([
      { type: "echo.recognised", stream: "contact:ct:2002", data: { effect: `${target}:1`, origin: "cloudtalk" } },
    ]);
    expect(await when(handler, given("contact.linked", echo))).toEqual(nothing);
  });

  test.each<[string, Told[]]>([
    ["of the CRM", ["contact.linked", noted({ origin: "ghl" })]],
    [
      "of a contact that was parted from its counterpart",
      [
        "contact.linked",
        ["contact.unlinked", { cloudtalkContactId: "2002", ghlContactId: contactId, because: "person" }],
        noted(),
      ],
    ],
    ["whose words were erased", ["contact.linked", noted({}, { erased: true })]],
  ])("a note %s is left alone", async (_, history) => {
    expect(await when(handler, given(...history))).toEqual(nothing);
  });
});

describe("given a note on a call", () => {
  const handler = callNotesHandler();
  const noted = (facts: Record<string, unknown> = {}): Told => [
    "call.noted",
    { callUuid: "uuid-1", note: "Wants a quote", author: "Marco", ...facts },
  ];
  const expected = { input: { contactId, body: "Call note by Marco · CloudTalk call 1001\nWants a quote" } };

  test.each<[string, Told[]]>([
    ["before", [noted(), "call.identified", "call.matched"]],
    ["after", ["call.identified", "call.matched", noted()]],
  ])("it is copied to the call's contact, when it came %s the match", async (_, history) => {
    expect((await when(handler, given(...history))).intend).toMatchObject([expected]);
  });

  test("the same words under both ids of the call, or with an id and without, are one note", async () => {
    const byId = noted({ callUuid: undefined, callId: "1001" });
    const history = given(noted(), byId, noted({ noteId: "8" }), "call.identified", "call.matched");
    expect((await when(handler, history)).intend).toMatchObject([expected]);
  });

  test("two notes are two, and each is written once", async () => {
    let history = given(noted(), noted({ note: "Second" }), "call.identified", "call.matched");
    const event = history.at(-1);
    if (!event) throw new Error("no event");
    const first = await when(handler, history);
    expect(first.intend).toHaveLength(2);
    history = historyAfter(history, event, first, new Date(event.recordedAt));
    expect(await when(handler, history, { event })).toEqual(nothing);
  });

  test("what a contact refused, because it is gone, is written to the one that has got the call", async () => {
    const other = "GhlContact0000000009";
    let history = given(noted(), "call.identified", "call.matched");
    const event = history.at(-1);
    if (!event) throw new Error("no event");
    const { intend, ...first } = await when(handler, history);
    history = historyAfter(history, event, { ...first, intend }, new Date(event.recordedAt));
    const matched: Told = ["call.matched", { ghlContactId: other }];
    const [write] = intend;
    if (!write) throw new Error("no write");
    const { effect, kind, target } = write;
    const end = (type: "effect.failed" | "effect.observed"): LogEvent[] => {
      const told: Told = [type, { effect, kind, target }];
      return [...history, ...given(told, matched).map((one, index) => ({ ...one, position: 8 + index }))];
    };
    const again = await when(handler, end("effect.failed"));
    expect(again.intend).toMatchObject([{ target, input: { ...expected.input, contactId: other } }]);
    expect(again.intend[0]?.effect).not.toBe(effect);
    expect((await when(handler, end("effect.observed"))).intend).toEqual([]);
  });

  test.each<[string, Told[]]>([
    ["nobody's", [noted(), "call.unmatched"]],
    ["erased", [noted(), ["call.matched", {}, { erased: true }]]],
    ["without words", [["call.noted", { callUuid: "uuid-1" }], "call.matched"]],
    ["ours", [noted({ note: `x ${mark("anything")}` }), "call.matched"]],
  ])("one that is %s is not copied", async (_, history) => {
    expect(await when(handler, given(...history))).toEqual(nothing);
  });

  test("it is not taken for the call's own note", async () => {
    const { intend } = await when(handler, given(noted(), "call.matched"));
    expect(intend[0]?.kind).toBe("ghl.note_copy");
  });
});
