import { describe, expect, test } from "vitest";
import { deliver, eventOf, hash, receivedAt, standard } from "./deliver.ts";

const ada = "contact:ghl:AdaContact0000000001";

describe("a new contact", () => {
  test("of the standard workflow payload is the root's person, created when GHL says", () => {
    expect(eventOf("new-contact", standard)).toEqual({
      type: "contact.reported",
      stream: ada,
      key: { fact: `${ada}/created` },
      time: "2026-11-22T09:00:00.000Z",
      source: "ghl",
      data: { ghlContactId: "AdaContact0000000001", origin: "ghl", change: "created", tags: ["lead", "facebook"] },
      personal: {
        name: "Ada Rossi",
        firstName: "Ada",
        lastName: "Rossi",
        phones: ["+393331234567"],
        emails: ["ada@example.com"],
      },
    });
  });

  test("of the captured payload without e-mail is the root's person, never its user", () => {
    const body = {
      contact_id: "AdaContact0000000001",
      first_name: "Grace",
      last_name: "Sample",
      phone: "+393331234567",
      user: { firstName: "Ada", lastName: "Example", email: "ada@example.com", phone: "+390601234567" },
    };
    const { personal } = eventOf("new-contact", body);
    expect(personal).toEqual({ firstName: "Grace", lastName: "Sample", phones: ["+393331234567"] });
  });

  test("of the documented nested shape is read", () => {
    const contact = { id: "ghl_123456", name: "Grace Sample", email: "grace@example.com", tags: ["lead", "priority"] };
    const event = eventOf("new-contact", { contact: { ...contact, phone: "06 1234 5678" } });
    expect(event.stream).toBe("contact:ghl:ghl_123456");
    expect(event.data).toMatchObject({ tags: ["lead", "priority"] });
    expect(event.personal).toMatchObject({ name: "Grace Sample", phones: ["+390612345678"] });
  });

  test("is the same fact from the app and from the workflow", () => {
    const app = { type: "ContactCreate", id: "AdaContact0000000001", locationId: "L", tags: [], timestamp: receivedAt };
    expect(eventOf("app", app).key).toEqual(eventOf("new-contact", standard).key);
  });

  test("without id is named by the keyed hash of its number", () => {
    const { contact_id: _, ...body } = standard;
    expect(eventOf("new-contact", body).stream).toBe(`contact:phone:${hash("+393331234567")}`);
  });

  test("without id and phone is parked with advice", () => {
    expect(deliver("new-contact", { first_name: "Ada" })).toMatchObject({
      verdict: "parked",
      because: expect.stringContaining("contact_id"),
    });
  });

  test("whose id is a phone number or a CloudTalk id is not taken for a GHL contact", () => {
    const event = eventOf("new-contact", { contact_id: 393331234567, phone: "+393331234567" });
    expect(event.data).not.toHaveProperty("ghlContactId", expect.anything());
  });

  test("with empty and unresolved merge tags has none of these", () => {
    const body = { ...standard, email: "", last_name: "{{contact.last_name}}", tags: "", phone: null };
    const { data, personal } = eventOf("new-contact", body);
    expect(data).toMatchObject({ tags: undefined });
    expect(personal).toMatchObject({ emails: undefined, lastName: undefined, phones: undefined });
  });
});

describe("a changed contact", () => {
  const update = { type: "ContactUpdate", id: "AdaContact0000000001", customFields: [{ id: "CF", value: "a" }] };
  const keyOf = (body: object) => eventOf("app", body).key;

  test("told again in the same words may be another change, because not all of a contact is told", () => {
    const before = keyOf({ ...update, webhookId: "1", timestamp: "2026-11-22T09:00:00Z" });
    expect(before).toEqual(keyOf({ ...update, webhookId: "2", timestamp: "2026-11-22T09:05:00Z" }));
    expect(before).not.toEqual(keyOf({ ...update, customFields: [{ id: "CF", value: "b" }] }));
    expect(before).toEqual({ fact: expect.stringContaining(`${ada}/reported/at:`) });
  });

  test("can be a deletion", () => {
    expect(eventOf("app", { ...update, type: "ContactDelete" }).data).toMatchObject({ change: "deleted" });
  });
});

describe("tags", () => {
  const tagged = (customData: object, tags: unknown = "lead, Hot") =>
    eventOf("new-tag", { ...standard, tags, customData });

  test("named by customData are told with their action", () => {
    const added = tagged({ tag: " Hot ", action: "added" });
    const removed = tagged({ tag: "hot", action: "removed" }, "lead");
    expect(added).toMatchObject({ type: "contact.tagged", data: { tag: "Hot" } });
    expect(removed).toMatchObject({ type: "contact.untagged", data: { tag: "hot" } });
    const entity = `${ada}/tag:${hash("hot")}`;
    expect(added.key).toEqual({ entity, content: "tagged", mode: "state" });
    expect(removed.key).toEqual({ entity, content: "untagged", mode: "state" });
  });

  test("named without an action were added, unless the list says otherwise", () => {
    expect(tagged({ tag: "hot" }).type).toBe("contact.tagged");
    expect(tagged({ tag: "gone" })).toMatchObject({ type: "contact.tags_reported", data: { tags: ["lead", "Hot"] } });
  });

  test("of the documented nested shape are read", () => {
    const body = { contact: { id: "ghl_123456", name: "Grace Sample" }, tag: { name: "VIP Cliente" } };
    expect(eventOf("new-tag", body)).toMatchObject({ type: "contact.tagged", data: { tag: "VIP Cliente" } });
  });

  test("of a Custom Webhook body are read, but a custom field called Tag is not one", () => {
    const custom = { contactId: "AdaContact0000000001", tag: "vip" };
    expect(eventOf("new-tag", custom)).toMatchObject({ type: "contact.tagged", data: { tag: "vip" } });
    expect(eventOf("new-tag", { ...standard, Tag: "a custom field" }).type).toBe("contact.tags_reported");
  });

  test("are reported as a list when nothing says which came or went", () => {
    const event = eventOf("app", { type: "ContactTagUpdate", id: "AdaContact0000000001", tags: ["b", "A", "a"] });
    expect(event).toMatchObject({ type: "contact.tags_reported", data: { tags: ["b", "A"] } });
    const other = eventOf("app", { type: "ContactTagUpdate", id: "AdaContact0000000001", tags: ["a", "B"] });
    expect(other.key).toEqual(event.key);
  });

  test("not said at all leave the hint that the contact changed", () => {
    expect(deliver("new-tag", { contactId: "AdaContact0000000001" })).toMatchObject({
      verdict: "accepted",
      because: expect.stringContaining("customData.tag"),
      events: [{ type: "contact.reported", data: { change: "updated" } }],
    });
  });
});
