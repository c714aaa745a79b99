import { parseEvent } from "@callbridge/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { deliver, eventsOf, opportunityPart, standard } from "./deliver.ts";

const workflowEndpoints = [
  "new-contact",
  "new-tag",
  "new-note",
  "pipeline-stage-changed",
  "opportunity-status-changed",
];
const endpoint = fc.constantFrom(...workflowEndpoints, "pipeline-change", "status-change", "app", "other");
const types = ["ContactCreate", "ContactUpdate", "ContactTagUpdate", "NoteCreate", "OpportunityStageUpdate", "INSTALL"];
const awkward = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "\u0000",
    "\ud800",
    "[object Object]",
    "{{contact.id}}",
    "+393331234567",
    393331234567,
    "a".repeat(9_000),
  ),
);
/** Bodies with the names that are read, holding anything. */
const names = [
  ...Object.keys({ ...standard, ...opportunityPart }),
  "type",
  "event",
  "note",
  "tag",
  "stage",
  "body",
  "action",
];
const body = fc.oneof(
  fc.jsonValue(),
  awkward,
  fc.dictionary(fc.constantFrom(...names), awkward),
  fc
    .record({ type: fc.constantFrom(...types), id: awkward, contactId: awkward, tags: awkward, body: awkward })
    .map((fields) => ({ ...fields, id: typeof fields.id === "string" ? "AdaContact0000000001" : fields.id })),
  fc.dictionary(fc.constantFrom(...names), awkward).map((fields) => ({ ...standard, ...opportunityPart, ...fields })),
);

test("any JSON on any endpoint has a verdict, and every event is one of the catalogue", () => {
  fc.assert(
    fc.property(endpoint, body, (path, json) => {
      const normalised = deliver(path, json);
      if (normalised.verdict !== "accepted") {
        expect(["ignored", "parked"]).toContain(normalised.verdict);
        expect(normalised.because).not.toBe("");
        return;
      }
      for (const event of normalised.events) {
        parseEvent(event.type, 1, event.data, event.personal);
        const text = JSON.stringify(event);
        expect(Buffer.byteLength(text)).toBeLessThan(65_536);
        expect(text).not.toMatch(/\\u0000|\\ud[89a-f]/);
        expect(JSON.stringify([event.stream, event.key])).not.toContain("393331234567");
      }
    }),
    { numRuns: 2_000 },
  );
});

test("a deeply nested body is no trouble", () => {
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`);
  expect(deliver("app", { type: "ContactUpdate", id: "AdaContact0000000001", deep }).verdict).toBe("accepted");
});

/** Values that occur nowhere else, so that finding one means it leaked. */
const staffName = fc.uuid().map((uuid) => `Staff${uuid.slice(0, 8)}`);
const staffPhone = fc.integer({ min: 1_000_000, max: 9_999_999 }).map((number) => `+39345${number}`);
const staff = fc.record({
  id: staffName,
  firstName: staffName,
  lastName: staffName,
  name: staffName,
  email: staffName.map((name) => `${name}@staff.example`),
  phone: staffPhone,
  extension: staffName,
});

test("nothing of the CRM user ever reaches an event, even when the lead has nothing of the kind", () => {
  const lead = fc.subarray(Object.keys(standard)).map((kept) => {
    const entries = Object.entries(standard).filter(([name]) => kept.includes(name) || name === "contact_id");
    return Object.fromEntries(entries);
  });
  const extra = fc.constantFrom({}, opportunityPart, { note: { body: "Hello" } }, { tag: { name: "vip" } });
  fc.assert(
    fc.property(fc.constantFrom(...workflowEndpoints), lead, extra, staff, (path, person, more, user) => {
      const owner = `${user.firstName} ${user.lastName}`;
      const events = eventsOf(path, { ...person, ...more, user, owner, assignedTo: user.id, assigned_to: user.id });
      const text = JSON.stringify(events);
      for (const value of Object.values(user)) expect(text).not.toContain(value);
    }),
    { numRuns: 500 },
  );
});
