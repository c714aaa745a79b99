import type { GhlContactId, LogEvent } from "@callbridge/events";
import { type GhlContact, normaliseGhl } from "@callbridge/ghl";
import { given, hash, type Told, when } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { newContactHandler } from "./new-contact.ts";

const id = "GhlContact0000000002" as GhlContactId;
const ada: GhlContact = {
  ...{ id, phones: ["+393000000001", "+393000000009"], emails: ["ada@rossi.example"], tags: [], customFields: [] },
  name: "Ada Rossi",
};

const react = (history: LogEvent[], contact: GhlContact | undefined = ada) => {
  const contactPage = (of: string) => `https://app.example/${of}`;
  return when(newContactHandler({ ghl: { contact: async () => contact, contactPage } }), history);
};
const nothing = { append: [], intend: [], wakeAfterMs: undefined };

describe("given a contact that is new in the CRM", () => {
  test("it is wanted in the call centre, as the CRM knows it now", async () => {
    const { append, intend } = await react(given("contact.reported"));
    expect(append).toEqual([]);
    expect(intend).toEqual([
      {
        kind: "cloudtalk.contact",
        effect: `cloudtalk-contact:${id}`,
        target: `cloudtalk-contact:${id}`,
        revision: 0,
        input: {
          name: "Ada Rossi",
          phones: ada.phones,
          emails: ada.emails,
          externalUrl: { name: "GoHighLevel", url: `https://app.example/${id}` },
        },
      },
    ]);
  });

  test("its name is put together, or its number, when it has none", async () => {
    const named = await react(given("contact.reported"), { ...ada, name: undefined, firstName: "Ada", lastName: "R." });
    expect(named.intend[0]?.input.name).toBe("Ada R.");
    const nameless = await react(given("contact.reported"), { ...ada, name: undefined });
    expect(nameless.intend[0]?.input.name).toBe("+393000000001");
  });

  test("without a number, or gone in the meantime, it is of no use there", async () => {
    expect(await react(given("contact.reported"), { ...ada, phones: [] })).toEqual(nothing);
    const contactPage = () => "";
    const gone = newContactHandler({ ghl: { contact: async () => undefined, contactPage } });
    expect(await when(gone, given("contact.reported"))).toEqual(nothing);
  });

  test.each<[string, Told[]]>([
    ["linked already", ["contact.linked", "contact.reported"]],
    [
      "wanted already",
      [["effect.intended", { kind: "cloudtalk.contact" }, { stream: `contact:ghl:${id}` }], "contact.reported"],
    ],
    ["reported by the call centre", [["contact.reported", { origin: "cloudtalk" }]]],
    ["merely changed", [["contact.reported", { change: "updated" }]]],
  ])("nothing is done when it is %s", async (_, history) => {
    expect(await react(given(...history))).toEqual(nothing);
  });
});

describe("given that it is there", () => {
  const effect = { kind: "cloudtalk.contact", effect: `cloudtalk-contact:${id}`, target: `cloudtalk-contact:${id}` };

  test("the two are linked", async () => {
    const observed: Told = ["effect.observed", { ...effect, vendorId: "2002" }];
    const { append } = await react(given("contact.reported", ["effect.intended", effect], observed));
    expect(append).toEqual([
      {
        type: "contact.linked",
        stream: `contact:ghl:${id}`,
        key: { fact: "link:2002" },
        data: { cloudtalkContactId: "2002", ghlContactId: id, because: "created" },
        personal: {},
      },
    ]);
  });

  test("other effects link nobody", async () => {
    expect(await react(given("contact.reported", "effect.intended", "effect.observed"))).toEqual(nothing);
    const onCall: Told = ["effect.observed", { ...effect, vendorId: "2002" }, { stream: "call:u:uuid-1" }];
    expect(await react(given(onCall))).toEqual(nothing);
  });
});

test("the CRM's user who works on a lead is never taken for the lead", async () => {
  const user = { firstName: "Staff", lastName: "Person", email: "staff@crm.example", phone: "+390601234567" };
  const body = { contact_id: id, first_name: "Ada", user, customData: {} };
  const report = normaliseGhl(
    { endpoint: "new-contact", body, receivedAt: "2026-11-22T10:00:00.000Z" },
    { defaultCountry: "IT", hash },
  );
  expect(report).toMatchObject({
    verdict: "accepted",
    events: [{ type: "contact.reported", stream: `contact:ghl:${id}` }],
  });
  const events = report.verdict === "accepted" ? report.events : [];
  const facts = { ...events[0]?.data, ...events[0]?.personal };
  const withoutNumber = await react(given(["contact.reported", facts]), { ...ada, phones: [] });
  expect(withoutNumber).toEqual(nothing);
  const decided = await react(given(["contact.reported", facts]));
  for (const staff of ["390601234567", "0601234567", "staff@crm", "Staff"]) {
    expect(JSON.stringify([events, decided])).not.toContain(staff);
  }
});
