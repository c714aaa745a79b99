import type { LogEvent } from "@callbridge/events";
import type { GhlNote } from "@callbridge/ghl";
import { firstRecordedAt, given, hash, historyAfter, type Told, when } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { crmNotesHandler } from "./crm-notes.ts";

const ghlContactId = "GhlContact0000000002";
const nothing = { append: [], intend: [], wakeAfterMs: undefined };
const mark = (target: string) => `[ref callbridge:${hash(target).slice(0, 16)}]`;
const reported = (facts: Record<string, unknown> = {}, place: object = {}): Told => [
  "note.added",
  { ghlContactId, origin: "ghl", change: "added", ...facts },
  { stream: `contact:ghl:${ghlContactId}`, ...place },
];
const note = (id: string, body: string, secondsBefore = 1): GhlNote => ({
  ...{ id, body },
  dateAdded: new Date(Date.parse(firstRecordedAt) - secondsBefore * 1_000).toISOString(),
});
const [effect, target] = ["cloudtalk-note:N1:2", "cloudtalk-note:N1"];
const react = (notes: GhlNote[], history: LogEvent[], afterMs = 0) =>
  when(crmNotesHandler({ ghl: { notes: async () => notes } }), history, { afterMs });
const linked = (...history: Told[]) => given("contact.linked", ...history);
const texts = (decided: Awaited<ReturnType<typeof react>>) => decided.intend.map(({ input }) => input.text);

describe("given a note in the CRM on a linked contact", () => {
  test.each<[string, Record<string, unknown>]>([
    ["its id", { noteId: "N1" }],
    ["its words", { note: "<p>First line</p>\nSecond 🚀" }],
    ["nothing", {}],
  ])("told with %s, it is read and copied as one line", async (_, facts) => {
    const notes = [note("N1", "First line\nSecond 🚀"), note("N0", "Old", 3_600)];
    expect(await react(notes, linked(reported(facts)))).toEqual({
      ...nothing,
      intend: [
        {
          kind: "cloudtalk.note",
          effect: "cloudtalk-note:N1:2",
          target: "cloudtalk-note:N1",
          revision: 2,
          input: { contactId: "2002", text: "First line | Second" },
        },
      ],
    });
  });

  test("two reports of one note, by the app and by a workflow, write it once", async () => {
    const notes = [note("N1", "Hello")];
    let history = linked(reported({ noteId: "N1" }));
    const event = history.at(-1);
    if (!event) throw new Error("no event");
    history = historyAfter(history, event, await react(notes, history), new Date(event.recordedAt));
    for (const facts of [{}, { note: "Hello" }, { noteId: "N1" }]) {
      const [, again] = linked(reported(facts));
      if (again) expect(await react(notes, [...history, { ...again, position: 9 }])).toEqual(nothing);
    }
    const [, changed] = linked(reported({ change: "updated" }));
    if (!changed) throw new Error("no event");
    const update = await react([note("N1", "Hello again", 3_600)], [...history, { ...changed, position: 9 }]);
    expect(update.intend).toMatchObject([{ target: "cloudtalk-note:N1", revision: 9, input: { text: "Hello again" } }]);
    const [, deleted] = linked(reported({ change: "deleted", noteId: "N1" }));
    if (!deleted) throw new Error("no event");
    const removal = await react([], [...history, { ...deleted, position: 9 }]);
    expect(removal.intend.map(({ input }) => input)).toEqual([{ contactId: "2002" }]);
  });

  test.each<[string, Told]>([
    ["refused, because it is gone", ["effect.failed", { kind: "cloudtalk.note", effect, target }]],
    ["was spared, because a person parted it", ["effect.skipped", { kind: "cloudtalk.note", effect, target }]],
  ])("what a CloudTalk contact %s, is written to the one that is linked then", async (_, end) => {
    const notes = [note("N1", "Hello")];
    let history = linked(reported({ noteId: "N1" }));
    const event = history.at(-1);
    if (!event) throw new Error("no event");
    history = historyAfter(history, event, await react(notes, history), new Date(event.recordedAt));
    const merged = given(
      end,
      ["contact.unlinked", { cloudtalkContactId: "2002", ghlContactId, because: "merged" }],
      ["contact.linked", { cloudtalkContactId: "3003", because: "merged" }],
    ).map((one, index) => ({ ...one, position: 9 + index }));
    expect((await react(notes, [...history, ...merged])).intend).toMatchObject([
      { effect: "cloudtalk-note:N1:2:3003", target: "cloudtalk-note:N1", input: { contactId: "3003", text: "Hello" } },
    ]);
    expect((await react(notes, [...history, ...merged.slice(1)])).intend).toEqual([]);
  });

  test("two that are told without a word are both found, the newest first", async () => {
    const notes = [note("N1", "One", 3), note("N2", "Two", 2)];
    let history = linked(reported());
    const event = history.at(-1);
    if (!event) throw new Error("no event");
    const first = await react(notes, history);
    expect(texts(first)).toEqual(["Two"]);
    history = historyAfter(history, event, first, new Date(event.recordedAt));
    const [, second] = linked(reported());
    if (second) expect(texts(await react(notes, [...history, { ...second, position: 9 }]))).toEqual(["One"]);
  });

  test("one that is not listed yet is looked for again, and then given up", async () => {
    expect((await react([], linked(reported({ noteId: "N1" })))).wakeAfterMs).toBe(2_000);
    expect((await react([], linked(reported()), 2_000)).wakeAfterMs).toBe(8_000);
    expect(await react([], linked(reported()), 30_000)).toEqual(nothing);
  });

  test("an old note is never taken for the one that is told without a word", async () => {
    const decided = await react([note("N0", "Last year", 86_400)], linked(reported()));
    expect(decided.intend).toEqual([]);
  });

  test("our own note is an echo, told in whatever way", async () => {
    const target = "ghl-note-copy:note:7";
    const written: Told = ["effect.intended", { kind: "ghl.note_copy", effect: `${target}:1`, target }];
    const body = `Note by Sarah\nHi\n${mark(target)}`;
    for (const facts of [{ note: body }, { noteId: "N1" }]) {
      const { append, intend } = await react([note("N1", body)], linked(written, reported(facts)));
      expect(intend).toEqual([]);
      expect(append).toMatchObject([{ type: "echo.recognised", data: { effect: `${target}:1`, origin: "ghl" } }]);
    }
    // The note of a call belongs to the call, so there is no effect to name here.
    expect(await react([note("N1", body)], linked(reported()))).toEqual(nothing);
  });

  test("one of which nothing can be stored is not written", async () => {
    expect(await react([note("N1", "🚀")], linked(reported({ noteId: "N1" })))).toEqual(nothing);
  });
});

test("notes wait for the contact's counterpart", async () => {
  const notes = [note("N1", "One", 3), note("N2", "Two", 2)];
  const early = [reported({ noteId: "N1" }), reported({ noteId: "N2" })];
  expect(await react(notes, given(...early))).toEqual(nothing);
  expect(texts(await react(notes, given(...early, "contact.linked")))).toEqual(["One", "Two"]);
});

test("the call centre's own notes are not its business", async () => {
  expect(await react([note("N1", "One")], linked(reported({ origin: "cloudtalk", noteId: "N1" })))).toEqual(nothing);
});
