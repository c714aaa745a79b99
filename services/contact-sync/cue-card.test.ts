import type { GhlContactId } from "@callbridge/events";
import type { GhlContact } from "@callbridge/ghl";
import { settingsOf } from "@callbridge/service";
import { given, type Told, when } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { cueCardHandler } from "./cue-card.ts";

const id = "GhlContact0000000002" as GhlContactId;
const ada: GhlContact = {
  ...{ id, phones: ["+393000000001"], emails: [], tags: [], name: "Ada Rossi", companyName: "Rossi Ltd" },
  customFields: [
    { id: "F1", value: "missed" },
    { id: "F2", value: "" },
    { id: "F3", value: "secret" },
  ],
};
const fieldNames = ["Last call outcome", "Last call time", "Salary"];
const nothing = { append: [], intend: [], wakeAfterMs: undefined };

type World = { holders?: GhlContact[]; agree?: boolean; links?: Told[]; enabled?: boolean };
const handlerOf = ({ holders = [ada], agree = true, links = [], enabled = true }: World = {}) =>
  cueCardHandler({
    ghl: {
      contact: async () => ada,
      findContactsByPhone: async () => ({ contacts: holders, agree }),
      customFields: async () =>
        fieldNames.map((name, index) => ({ id: `F${index + 1}`, name, fieldKey: "", dataType: "TEXT" })),
      contactPage: (of) => `https://crm.example/${of}`,
    },
    log: { stream: async () => ({ events: given(...links), position: 0 }) },
    settings: settingsOf({ cueCard: { enabled } }).cueCard,
  });
const answered = (facts: object = {}): Told => [
  "call.answered",
  { callUuid: "uuid-1", externalPhone: "+393000000001", ...facts },
];

describe("given a call that is answered", () => {
  test("the agent is told what is known of the caller, and nothing that is empty or was not asked for", async () => {
    const { intend } = await when(handlerOf(), given("call.started", answered()));
    expect(intend).toEqual([
      {
        kind: "cloudtalk.cue_card",
        effect: "cue-card:uuid-1",
        target: "cue-card:uuid-1",
        revision: 0,
        input: {
          ...{ callUuid: "uuid-1", title: "Ada Rossi", subtitle: "Rossi Ltd", notAfter: "2026-11-22T10:06:01.000Z" },
          fields: [
            { name: "Last call outcome", value: "missed" },
            { name: "GoHighLevel", value: `https://crm.example/${id}` },
          ],
        },
      },
    ]);
  });

  test("the contact that CloudTalk's is linked with is believed before any number", async () => {
    const world = { holders: [], links: ["contact.linked"] satisfies Told[] };
    const { intend } = await when(handlerOf(world), given(answered({ cloudtalkContactId: "2002" })));
    expect(intend[0]?.input.title).toBe("Ada Rossi");
  });

  test.each<[string, World, Told[]]>([
    ["the call is over", {}, ["call.ended", answered()]],
    ["nobody has the number", { holders: [] }, [answered()]],
    ["two have it", { holders: [ada, { ...ada, id: "Bob" as GhlContactId }] }, [answered()]],
    ["the look-ups disagree", { agree: false }, [answered()]],
    ["the number is withheld", {}, [answered({ withheld: true })]],
    ["it is a call between colleagues", {}, [answered({ direction: "internal" })]],
    ["nothing is known of them", { holders: [{ ...ada, name: undefined, phones: [] }] }, [answered()]],
    ["the call has no uuid", {}, [answered({ callUuid: undefined, callId: "1001" })]],
  ])("nothing is shown when %s", async (_, world, history) => {
    expect(await when(handlerOf(world), given(...history))).toEqual(nothing);
  });

  test("a card that would come too late is not shown", async () => {
    expect(await when(handlerOf(), given(answered()), { afterMs: 60_001 })).toEqual(nothing);
  });
});

test("unless it is switched on, nothing is listened to", () => {
  expect(handlerOf({ enabled: false }).on).toEqual([]);
});
