import { createHmac } from "node:crypto";
import { eventVersion, type NormaliserContext, parseEvent } from "@callbridge/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { normaliseCloudTalk } from "./normalise.ts";

const context: NormaliserContext = {
  defaultCountry: "IT",
  hash: (text) => createHmac("sha256", "test").update(text).digest("hex"),
};
const receivedAt = "2026-09-27T16:02:00.000Z";

const endpoints = [
  ...["new-tag", "contact-updated", "call-started", "call-ended", "new-note", "call-recording-ready", "native"],
  ...["transcription-ready", "call-answered", "call-modified", "agent-status-changed", "nonsense"],
];
const names = [
  ...["call_id", "Call_uuid", "external_number", "internal_number", "contact_id", "contact_phone", "agent_id", "id"],
  ...["direction", "started_at", "ended_at", "talking_time", "waiting_time", "is_voicemail", "recording_url", "status"],
  ...["tag_name", "tags", "note", "notes", "transcript", "updated_fields", "event_type", "action", "type", "email"],
  ...["data", "call", "contact", "event_id", "occurred_at", "test", "customData", "contact_name", "timestamp"],
];
const telling: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    "call.ended",
    "ended",
    "contact.created",
    "removed",
    "online",
    "incoming",
    "withheld",
    "message.sent",
  ),
  fc.constantFrom(
    "2026-01-02T03:04:05Z",
    "9999-12-31T23:59:59-23:00",
    "0000-00-00",
    "1:05",
    "[object Object]",
    "\u0000",
  ),
  fc.constantFrom(
    "https://my.cloudtalk.io/pub/r/MTIz/x.wav",
    "https://my.cloudtalk.io/pub/r/%E0%A4%A/x.wav",
    "http://",
  ),
  fc.integer(),
  fc.array(fc.record({ name: fc.string(), value: fc.jsonValue() }), { maxLength: 3 }),
  fc.string({ unit: "binary" }),
);
const template = fc.dictionary(fc.constantFrom(...names), telling, { maxKeys: 12 });
const body = fc.oneof(
  fc.jsonValue(),
  template,
  fc.record({ type: fc.constantFrom("call.ended", "contact.updated", "x.y"), event_id: fc.string(), data: template }),
);

test("any body on any endpoint has a verdict, and every event of it is one of the catalogue", () => {
  fc.assert(
    fc.property(fc.constantFrom(...endpoints), body, (endpoint, anything) => {
      const result = normaliseCloudTalk({ endpoint, body: anything, receivedAt }, context);
      expect(["accepted", "ignored", "parked"]).toContain(result.verdict);
      if (result.verdict !== "accepted") expect(result.because).toBeTruthy();
      for (const event of result.verdict === "accepted" ? result.events : []) {
        const parsed = parseEvent(event.type, eventVersion, event.data, event.personal);
        expect({ data: parsed.data, personal: parsed.personal }).toEqual({
          data: event.data,
          personal: event.personal,
        });
        expect(new Date(event.time).toISOString()).toBe(event.time);
        expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(64 * 1024);
        expect(JSON.stringify([event.stream, event.key, event.data])).not.toContain("\\u0000");
      }
    }),
    { numRuns: 3_000 },
  );
}, 60_000);

test("no key, stream or data shows a phone, wherever the operator put it", () => {
  const phone = "393001234567";
  const spelt = fc.constantFrom<unknown>(phone, `+${phone}`, Number(phone), `+39 300 123 4567`);
  const numbers = ["external_number", "contact_phone", "phone"];
  fc.assert(
    fc.property(
      fc.constantFrom(...endpoints),
      template,
      fc.constantFrom(...numbers),
      spelt,
      fc.boolean(),
      (...given) => {
        const [endpoint, others, field, value, alsoAsId] = given;
        const anything = { ...others, [field]: value, ...(alsoAsId && { call_id: value, contact_id: value }) };
        const result = normaliseCloudTalk({ endpoint, body: anything, receivedAt }, context);
        const events = result.verdict === "accepted" ? result.events : [];
        for (const { stream, key } of events) expect(JSON.stringify([stream, key])).not.toContain(phone);
        expect(result.because ?? "").not.toContain(phone);
      },
    ),
    { numRuns: 1_000 },
  );
}, 60_000);

test("the same body gives the same events", () => {
  fc.assert(
    fc.property(fc.constantFrom(...endpoints), body, (endpoint, anything) => {
      const once = normaliseCloudTalk({ endpoint, body: anything, receivedAt }, context);
      expect(normaliseCloudTalk({ endpoint, body: structuredClone(anything), receivedAt }, context)).toEqual(once);
    }),
    { numRuns: 300 },
  );
});
