import { describe, expect, test } from "vitest";
import { deliver, eventOf, hash, receivedAt, standard } from "./deliver.ts";

const app = {
  type: "NoteCreate",
  locationId: "L",
  id: "AdaNote0000000000001",
  body: "Called back",
  contactId: "AdaContact0000000001",
  dateAdded: "2026-11-22T09:30:00.000Z",
};

describe("a note", () => {
  test("of the app is one fact by its id, with its text in personal data only", () => {
    expect(eventOf("app", app)).toEqual({
      type: "note.added",
      stream: "contact:ghl:AdaContact0000000001",
      key: { fact: "note:AdaNote0000000000001/added" },
      time: "2026-11-22T09:30:00.000Z",
      source: "ghl",
      data: {
        ghlContactId: "AdaContact0000000001",
        origin: "ghl",
        noteId: "AdaNote0000000000001",
        change: "added",
      },
      personal: { note: "Called back" },
    });
  });

  test("can be changed many times and deleted once", () => {
    const changed = (body: string) => eventOf("app", { ...app, type: "NoteUpdate", body }).key;
    expect(changed("a")).toMatchObject({ entity: "note:AdaNote0000000000001/updated", mode: "state" });
    expect(changed("a")).not.toEqual(changed("b"));
    expect(eventOf("app", { ...app, type: "NoteDelete" }).key).toEqual({ fact: "note:AdaNote0000000000001/deleted" });
  });

  test("of the documented nested shape keeps its author's id", () => {
    const body = { contact: { id: "ghl_123456", name: "Grace" }, note: { body: "Interested", userId: "agent_789" } };
    const event = eventOf("new-note", body);
    expect(event.personal).toMatchObject({ note: "Interested", author: "agent_789", name: "Grace" });
    expect(event.key).toMatchObject({ entity: "contact:ghl:ghl_123456/note", mode: "repeat" });
  });

  test("mapped in customData is read, and a custom field called Note is not one", () => {
    const mapped = eventOf("new-note", { ...standard, customData: { note_body: "Mapped" } });
    expect(mapped.personal).toMatchObject({ note: "Mapped" });
    const unmapped = eventOf("new-note", { ...standard, Note: "a custom field" });
    expect(unmapped).toMatchObject({ type: "note.added", personal: { note: undefined } });
  });

  test("without id is told from another by its text, not by its spacing", () => {
    const key = (note: string) => eventOf("new-note", { contactId: "AdaContact0000000001", note }).key;
    expect(key("one two")).toEqual(key("one \n two"));
    expect(key("one two")).not.toEqual(key("one three"));
  });

  test("without contact id belongs to the number", () => {
    const event = eventOf("new-note", { phone: "333 123 4567", note: "Hello" });
    expect(event).toMatchObject({ stream: `contact:phone:${hash("+393331234567")}`, time: receivedAt });
  });

  test("of nobody is parked", () => {
    expect(deliver("new-note", { note: "Hello" })).toMatchObject({ verdict: "parked" });
  });

  test("of any length fits into an event", () => {
    const event = eventOf("app", { ...app, body: "漢".repeat(100_000) });
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(60_000);
  });
});
