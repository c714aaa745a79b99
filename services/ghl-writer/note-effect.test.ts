import { beforeEach, describe, expect, test } from "vitest";
import { duplicateNotesEffect, noteEffect } from "./note-effect.ts";
import { attempt, left, twinCrm } from "./twin-crm.ts";

const crm = twinCrm();
let effect: ReturnType<typeof noteEffect>;
beforeEach(() => {
  effect = noteEffect(crm.ghl(), "twin");
});

const first = "Inbound call · 3 min\nAgent: Sarah &amp; Co\n\nCloudTalk call 1001";
const second = "Inbound call · 3 min\nAgent: Sarah &amp; Co\n\nA technician comes.\n\nCloudTalk call 1001";
const input = (body = first, contactId = crm.ada().ghlContactId) => effect.input.parse({ contactId, body });
const create = async () => left(await effect.perform(input(), attempt("note:1")));
const notes = () => [...crm.state().notes.values()];
const only = () => {
  const [note, ...others] = notes();
  if (!note || others.length > 0) throw new Error(`${notes().length} notes`);
  return note;
};
const lose = (fault: "drop-after-apply" | "drop-before", operation: string) =>
  crm.twin().control.fault({ match: { operation }, fault });

describe("a new note", () => {
  test("carries the text and, at its end, our mark, and nothing personal in it", async () => {
    const { vendorId, digest } = await create();
    expect(only()).toMatchObject({ id: vendorId, contactId: crm.ada().ghlContactId });
    expect(only().body).toMatch(/^Inbound call[\s\S]*CloudTalk call 1001\n\[ref callbridge:[0-9a-f]{16}\]$/);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test("is found by its mark when the answer was lost, among the notes of other calls and of people", async () => {
    await effect.perform(input("Another call"), attempt("other:1"));
    lose("drop-after-apply", "notes.create");
    await expect(effect.perform(input(), attempt("note:1"))).rejects.toMatchObject({ consequence: "ambiguous" });
    const found = await effect.readBack?.(input(), attempt("note:1"));
    expect(found?.vendorId).toBe(notes().at(-1)?.id);
    expect(notes()).toHaveLength(2);
  });

  test("is found though the CRM, or somebody, has changed its text since", async () => {
    const { vendorId } = await create();
    only().body = `<p>Checked!</p>${only().body.replaceAll("\n", "<br>").replace("Sarah", "Sara")}`;
    expect(await effect.readBack?.(input(), attempt("note:1"))).toMatchObject({ vendorId });
  });

  test("is not there when the request was lost, and is written then", async () => {
    lose("drop-before", "notes.create");
    await expect(effect.perform(input(), attempt("note:1"))).rejects.toMatchObject({ consequence: "ambiguous" });
    expect(await effect.readBack?.(input(), attempt("note:1"))).toBeUndefined();
    await create();
    expect(notes()).toHaveLength(1);
  });

  test("on a contact that is gone is refused for good", async () => {
    const gone = input(first, "GhlContact9999999999");
    await expect(effect.perform(gone, attempt("note:1"))).rejects.toMatchObject({ consequence: "refused" });
  });
});

describe("an update", () => {
  test("replaces our text in the same note", async () => {
    const previous = await create();
    const done = left(await effect.perform(input(second), attempt("note:2", previous)));
    expect(done.vendorId).toBe(previous.vendorId);
    expect(done.digest).not.toBe(previous.digest);
    expect(only().body).toContain("A technician comes.");
    expect(only().body.match(/\[ref /g)).toHaveLength(1);
  });

  test("keeps what a person wrote above and below, time and again", async () => {
    let previous = await create();
    only().body = `Called again, & agreed\n\n${only().body}\n\nSee <b>contract</b>`;
    for (const body of [second, `${second}\n!`]) {
      previous = left(await effect.perform(input(body), attempt("note:2", previous)));
      expect(only().body).toMatch(
        /^Called again, & agreed\n\nInbound[\s\S]*A technician comes[\s\S]*\]\n\nSee <b>contract<\/b>$/,
      );
      expect(only().body.match(/Inbound call/g)).toHaveLength(1);
    }
  });

  test.each<[string, (body: string) => string]>([
    [
      "made paragraphs of lines",
      (body) =>
        body
          .split("\n")
          .map((line) => `<p>${line}</p>`)
          .join(""),
    ],
    ["broke lines its own way", (body) => body.replaceAll("\n", "<br />\r\n")],
    ["unescaped it", (body) => body.replaceAll("&amp;", "&")],
    ["stripped it", (body) => body.replace(/\n+/g, "\n").trim()],
  ])("knows its own text when the CRM's editor %s", async (_, editor) => {
    const previous = await create();
    only().body = `<p>From a person</p>\n${editor(only().body)}`;
    const done = await effect.perform(input(second), attempt("note:2", previous));
    expect(done).toMatchObject({ vendorId: previous.vendorId });
    expect(only().body).toContain("A technician comes.");
    expect(only().body).toContain("From a person");
    expect(only().body.match(/Inbound call/g)).toHaveLength(1);
  });

  test.each<[string, (body: string) => string]>([
    ["edited our text", (body) => body.replace("3 min", "30 min")],
    ["wrote inside it", (body) => body.replace("\n\n", "\nNot true!\n")],
    ["took the mark away", (body) => `Mine now\n${body.replace(/\[ref.*\]/, "")}`],
  ])("leaves the note alone when somebody %s", async (_, edited) => {
    const previous = await create();
    only().body = edited(only().body);
    const before = only().body;
    const done = await effect.perform(input(second), attempt("note:2", previous));
    expect(done).toEqual({ skip: "the note was edited by somebody" });
    expect(only().body).toBe(before);
  });

  test("does not bring back a note that was deleted", async () => {
    const previous = await create();
    crm.state().notes.clear();
    const done = await effect.perform(input(second), attempt("note:2", previous));
    expect(done).toEqual({ skip: "the note was deleted by somebody" });
    expect(notes()).toEqual([]);
  });

  test.each(["drop-after-apply", "drop-before"] as const)("whose answer was lost (%s) is read back", async (fault) => {
    const previous = await create();
    lose(fault, "notes.update");
    const again = attempt("note:2", previous);
    await expect(effect.perform(input(second), again)).rejects.toMatchObject({ consequence: "ambiguous" });
    const found = await effect.readBack?.(input(second), again);
    if (fault === "drop-before") {
      expect(found).toBeUndefined();
      await effect.perform(input(second), again);
    } else {
      expect(found).toMatchObject({ vendorId: previous.vendorId });
    }
    expect(only().body.match(/A technician comes/g)).toHaveLength(1);
  });
});

describe("a note that the CRM applied twice", () => {
  const remove = (previous: Awaited<ReturnType<typeof create>>) => {
    const duplicates = duplicateNotesEffect(crm.ghl(), "twin");
    return duplicates.perform({ contactId: duplicates.input.parse(input()).contactId }, attempt("note:1", previous));
  };

  test("is left as the one that was observed; other calls' notes and people's stay", async () => {
    await create();
    const observed = await create();
    await effect.perform(input("Another call"), attempt("other:1"));
    expect(await remove(observed)).toEqual(observed);
    expect(notes().map(({ id }) => id)).toHaveLength(2);
    expect(notes()[0]?.id).toBe(observed.vendorId);
  });

  test("stays twice when somebody has written into the second copy, or the observed one is gone", async () => {
    const observed = await create();
    await create();
    const second = notes()[1];
    if (second) second.body = second.body.replace("Sarah", "Sara");
    await remove(observed);
    expect(notes()).toHaveLength(2);
    if (second) second.body = notes()[0]?.body ?? "";
    crm.state().notes.delete(observed.vendorId ?? "");
    await remove(observed);
    expect(notes()).toHaveLength(1);
  });
});
