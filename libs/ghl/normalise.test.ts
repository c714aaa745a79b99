import { describe, expect, test } from "vitest";
import { deliver, eventOf, opportunityPart, standard } from "./deliver.ts";

describe("bodies without news", () => {
  test("that are not JSON are parked and tell the operator what to do", () => {
    expect(deliver("new-note", undefined)).toMatchObject({
      verdict: "parked",
      because: expect.stringContaining("standard Webhook action"),
    });
  });

  test.each([[null], [{}], [[]], [""], [{ test: "health" }], [{ ping: true }]])("like %j are ignored", (body) => {
    expect(deliver("new-contact", body).verdict).toBe("ignored");
  });

  test.each([[[1]], ["text"], [7], [{ foo: "bar" }], [{ contact_id: "{{contact.id}}" }]])(
    "like %j are parked",
    (body) => {
      expect(deliver("pipeline-stage-changed", body).verdict).toBe("parked");
    },
  );

  test.each(["INSTALL", "UNINSTALL", "InboundMessage", "OutboundMessage", "TaskCreate", "ContactDndUpdate"])(
    "of type %s are ignored on any endpoint",
    (type) => {
      const body = { type, contactId: "AdaContact0000000001", body: "Hello", phone: "+393331234567" };
      expect(deliver("app", body).verdict).toBe("ignored");
      expect(deliver("new-note", body).verdict).toBe("ignored");
    },
  );

  test.each(["OpportunityCreate", "OpportunityUpdate", "OpportunityMonetaryValueUpdate", "AppointmentCreate"])(
    "of the app's type %s are ignored and say why",
    (type) => {
      expect(deliver("app", { type, id: "X" })).toMatchObject({
        verdict: "ignored",
        because: expect.stringMatching(/.+/),
      });
    },
  );
});

describe("a payload on the wrong endpoint", () => {
  const moved = { ...standard, ...opportunityPart };

  test("is read by its app type", () => {
    const event = eventOf("new-contact", { type: "ContactTagUpdate", id: "AdaContact0000000001", tags: ["vip"] });
    expect(event.type).toBe("contact.tags_reported");
  });

  test.each(["new-contact", "new-tag", "new-note", "app"])(
    "on %s is read by the endpoint that its event names",
    (endpoint) => {
      const customData = { event: "opportunity-status-changed" };
      expect(eventOf(endpoint, { ...moved, customData }).type).toBe("opportunity.status_changed");
    },
  );

  test("that an opportunity trigger sent is never a new contact", () => {
    expect(deliver("new-contact", moved)).toMatchObject({
      verdict: "parked",
      because: expect.stringContaining("customData.event"),
    });
    const nested = { contact: { id: "ghl_123456" }, stage: { name: "Won" }, previous_stage: { name: "Cold" } };
    expect(eventOf("new-contact", nested).type).toBe("opportunity.stage_changed");
  });

  test("is a new contact all the same when the operator says so, or when only a custom field sounds otherwise", () => {
    expect(eventOf("new-tag", { ...moved, customData: { event: "new_contact" } }).type).toBe("contact.reported");
    const event = eventOf("new-contact", {
      ...standard,
      Stage: "Year one",
      Status: "Married",
      Note: "No",
      "Call ID": 7,
    });
    expect(event).toMatchObject({ type: "contact.reported", data: { change: "created" } });
  });

  test("with a nested note or tag is that note or tag", () => {
    const contact = { id: "ghl_123456" };
    expect(eventOf("new-contact", { contact, note: { body: "Hello" } }).type).toBe("note.added");
    expect(eventOf("pipeline-stage-changed", { contact, tag: { name: "vip" } }).type).toBe("contact.tagged");
  });

  test("from CloudTalk is parked and names its place", () => {
    const body = { call_id: 1000000041, contact_id: 1000000042, external_number: 393331234567, phone: 393331234567 };
    expect(deliver("new-contact", body)).toMatchObject({
      verdict: "parked",
      because: expect.stringContaining("/api/cloudtalk-webhooks/"),
    });
  });

  test("that no endpoint of GHL knows is parked", () => {
    expect(deliver("nothing", standard).verdict).toBe("parked");
    expect(deliver("constructor", standard).verdict).toBe("parked");
  });
});
