import { describe, expect, test } from "vitest";
import { deliver, eventOf, opportunityPart, standard } from "./deliver.ts";
import { ghlTemplates } from "./templates.ts";

const nasty = 'She said "call me"\r\nafter 5 pm \\ not before, and a } and a {{tag}}';

/** What GHL knows. People's own words have what breaks JSON in them. */
const known: Record<string, string> = {
  "location.id": "LocationAda000000001",
  "contact.id": "AdaContact0000000001",
  "contact.phone": "+12025550143",
  "contact.email": "grace@example.com",
  "contact.name": nasty,
  "contact.tags": nasty,
  "note.body": nasty,
  "opportunity.id": "AdaOpportunity000001",
  "opportunity.pipeline_id": "AdaPipeline000000001",
  "opportunity.pipeline_stage_id": "AdaStage000000000001",
  "opportunity.pipeline_stage_name": nasty,
  "opportunity.name": nasty,
  "opportunity.status": "won",
};

const merged = (text: string, values: Record<string, string>) =>
  text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_whole, name: string) => values[name] ?? "");

/** "Custom Webhook": the values are put into the text as they are. Undefined: it is no JSON any more, as ingress sees it. */
function pasted(body: Record<string, string>, values: Record<string, string>): unknown {
  try {
    return JSON.parse(merged(JSON.stringify(body, undefined, 2), values));
  } catch {
    return undefined;
  }
}

/** "Webhook": GHL writes the JSON, and adds what its trigger knows. */
function written(endpoint: string, customData: Record<string, string>, values: Record<string, string>): unknown {
  const trigger = endpoint.includes("-changed") ? opportunityPart : {};
  const data = Object.entries(customData).map(([key, text]) => [key, merged(text, values)]);
  return JSON.parse(JSON.stringify({ ...standard, ...trigger, customData: Object.fromEntries(data) }));
}

const only = (names: string[]) =>
  Object.fromEntries(Object.entries(known).filter(([name]) => names.includes(`{{${name}}}`)));

const custom = ghlTemplates.filter(({ action }) => action === "Custom Webhook");
const plain = ghlTemplates.filter(({ action }) => action === "Webhook");

describe.each(custom)("the raw body to paste for $endpoint", ({ endpoint, body, event, needsOneOf }) => {
  test("becomes its event, whatever people wrote into the contact, the note and the pipeline", () => {
    const result = deliver(endpoint, pasted(body, known));
    expect(result).toMatchObject({ verdict: "accepted", events: [{ type: event }] });
  });

  test("with one id and nothing else is accepted", () => {
    for (const name of needsOneOf) {
      expect(deliver(endpoint, pasted(body, only([body[name] ?? ""])))).toMatchObject({
        verdict: "accepted",
        events: [{ type: event }],
      });
    }
  });

  test("with unresolved merge tags in the place of absent values is accepted", () => {
    const [name = ""] = needsOneOf;
    const rest = Object.fromEntries(Object.keys(known).map((key) => [key, `{{${key}}}`]));
    const values = { ...rest, ...only([body[name] ?? ""]) };
    expect(deliver(endpoint, pasted(body, values))).toMatchObject({ verdict: "accepted", events: [{ type: event }] });
  });

  test("names its event, and holds what nobody types", () => {
    expect(body.event).toBe(endpoint);
    const tags = Object.values(body).filter((value) => value.includes("{{"));
    expect(tags.filter((tag) => !/id\}\}$|contact\.phone|contact\.email|opportunity\.status/.test(tag))).toEqual([]);
  });
});

describe.each(plain)("the custom data to set for $endpoint", ({ endpoint, body, event }) => {
  test("becomes its event, with quotes, line breaks and backslashes in what people wrote", () => {
    expect(eventOf(endpoint, written(endpoint, body, known)).type).toBe(event);
  });

  test("with every merge tag empty becomes the same event", () => {
    expect(eventOf(endpoint, written(endpoint, body, {})).type).toBe(event);
  });
});

describe("a phone", () => {
  test.each(["12025550143", "+12025550143", "(202) 555-0143", ""])("as %j breaks nothing", (phone) => {
    const [template] = custom.filter(({ endpoint }) => endpoint === "new-contact");
    const { personal } = eventOf("new-contact", pasted(template?.body ?? {}, { ...known, "contact.phone": phone }));
    const phones = phone.includes("1202") ? ["+12025550143"] : undefined;
    expect(personal).toMatchObject(phones ? { phones } : {});
  });
});

describe("a note", () => {
  test("arrives whole through the custom data", () => {
    const [template] = plain.filter(({ endpoint }) => endpoint === "new-note");
    const event = eventOf("new-note", written("new-note", template?.body ?? {}, known));
    expect(event.personal).toMatchObject({ note: nasty });
  });

  test("in a raw body of the operator's own breaks it, and is kept with advice", () => {
    const body = { contactId: "{{contact.id}}", note: "{{note.body}}" };
    expect(deliver("new-note", pasted(body, { ...known, "note.body": "harmless" })).verdict).toBe("accepted");
    for (const text of ['say "yes"', "two\nlines", "C:\\ drive"]) {
      expect(deliver("new-note", pasted(body, { ...known, "note.body": text }))).toMatchObject({
        verdict: "parked",
        because: expect.stringContaining("standard Webhook action"),
      });
    }
  });

  test("reported twice by the contact's id alone is two notes, and so are two tags", () => {
    for (const endpoint of ["new-note", "new-tag"]) {
      const [template] = custom.filter((one) => one.endpoint === endpoint);
      const at = (receivedAt: string) => eventOf(endpoint, pasted(template?.body ?? {}, known), receivedAt).key;
      expect(at("2026-11-22T10:00:00.000Z")).not.toEqual(at("2026-11-22T10:01:00.000Z"));
    }
  });
});

test("each endpoint has both ways, the one that is tried again first", () => {
  expect(custom.map(({ endpoint }) => endpoint)).toEqual(plain.map(({ endpoint }) => endpoint));
  expect(ghlTemplates[0]?.action).toBe("Custom Webhook");
});
