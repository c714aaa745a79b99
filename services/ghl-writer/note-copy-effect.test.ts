import { beforeEach, describe, expect, test } from "vitest";
import { noteCopyEffect } from "./note-copy-effect.ts";
import { attempt, left, twinCrm } from "./twin-crm.ts";

const crm = twinCrm();
let effect: ReturnType<typeof noteCopyEffect>;
beforeEach(() => {
  effect = noteCopyEffect(crm.ghl(), "twin");
});
const input = (body?: string) => effect.input.parse({ contactId: crm.ada().ghlContactId, ...(body && { body }) });
const create = async () => left(await effect.perform(input("Likes tea"), attempt("copy:1")));
const notes = () => [...crm.state().notes.values()];

test("a copy is written with our mark and changed in place", async () => {
  const previous = await create();
  await effect.perform(input("Likes coffee"), attempt("copy:2", previous));
  expect(notes()).toHaveLength(1);
  expect(notes()[0]?.body).toMatch(/^Likes coffee\n\[ref callbridge:[0-9a-f]{16}\]$/);
});

describe("when the note was deleted where it was written", () => {
  test("its copy goes too", async () => {
    const previous = await create();
    expect(await effect.perform(input(), attempt("copy:2", previous))).toEqual({});
    expect(notes()).toEqual([]);
    expect(await effect.perform(input(), attempt("copy:2", previous))).toEqual({});
  });

  test("its copy stays once a person has written into it", async () => {
    const previous = await create();
    const [note] = notes();
    if (note) note.body += "\nI know her";
    expect(await effect.perform(input(), attempt("copy:2", previous))).toEqual({
      skip: "the copy was edited by somebody",
    });
    expect(notes()).toHaveLength(1);
  });

  test("a lost answer is read back", async () => {
    const previous = await create();
    expect(await effect.readBack?.(input(), attempt("copy:2", previous))).toBeUndefined();
    crm.twin().control.fault({ match: { operation: "notes.delete" }, fault: "drop-after-apply" });
    await expect(effect.perform(input(), attempt("copy:2", previous))).rejects.toMatchObject({
      consequence: "ambiguous",
    });
    expect(await effect.readBack?.(input(), attempt("copy:2", previous))).toEqual({});
  });

  test("and written again, it is a new copy", async () => {
    const previous = await create();
    const gone = left(await effect.perform(input(), attempt("copy:2", previous)));
    await effect.perform(input("Likes tea"), attempt("copy:3", gone));
    expect(notes()).toHaveLength(1);
  });
});
