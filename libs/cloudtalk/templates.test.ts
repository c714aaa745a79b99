import { describe, expect, test } from "vitest";
import { eventsOf, link, normalise, uuid } from "./given.ts";
import { cloudTalkTemplates } from "./templates.ts";

/** What CloudTalk knows at each event, as it was captured: numbers as JSON numbers without "+", lists as lists. */
const known: Record<string, unknown> = {
  call_id: 1000000021,
  call_uuid: uuid,
  direction: "incoming",
  external_number: 12025550143,
  internal_number: 12025550178,
  agent_id: 400001,
  agent_first_name: "Ada",
  agent_last_name: 'O"Neil \\ Example',
  contact_id: 1400000001,
  contacts: [{ id: 1400000001, name: 'Grace "Gigi" Sample' }],
  started_at: "2026-09-27T15:59:00Z",
  answered_at: "2026-09-27T15:59:20Z",
  ended_at: "2026-09-27T16:00:30Z",
  waiting_time: 20,
  talking_time: 70,
  is_voicemail: false,
  recording_url: link(1000000021),
  tags: "VIP, Follow up",
  call_tags: "VIP, Follow up",
  notes: 'She said "call me"\nafter 5 pm \\ not before',
  id: 400001,
  status: "online",
};

const mergeTag = /^\{\{ event\.properties\.([\w[\].]+) \}\}$/;

/** CloudTalk's side: a merge tag becomes the value with its type, an object the words of its type, and nothing `absent`. */
function filled(body: Record<string, string>, values: Record<string, unknown>, absent: "" | null): unknown {
  const entries = Object.entries(body).map(([key, text]) => {
    const path = mergeTag.exec(text)?.[1];
    if (path === undefined) return [key, text];
    const steps = path.split(/[.[\]]+/).filter(Boolean);
    let value: unknown = values;
    for (const step of steps)
      value = typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
    return [key, typeof value === "object" && value !== null ? String(value) : (value ?? absent)];
  });
  return JSON.parse(JSON.stringify(Object.fromEntries(entries)));
}

function only(names: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(known).filter(([name]) => names.includes(name)));
}

describe.each(cloudTalkTemplates)("the body to paste for $endpoint", ({ endpoint, body, event, needsOneOf }) => {
  test("with every value becomes its event, without a word of doubt", () => {
    const result = normalise(endpoint, filled(body, known, null));
    expect(result).toMatchObject({ verdict: "accepted" });
    expect(result).not.toHaveProperty("because");
    expect(eventsOf(endpoint, filled(body, known, null))[0]?.type).toBe(event);
  });

  test.each([[""], [null]] as const)("with nothing but one id, the rest %j, is accepted", (absent) => {
    for (const name of needsOneOf) {
      const path = mergeTag.exec(body[name] ?? "")?.[1] ?? "";
      const values = only([path.split("[")[0] ?? "", ...(endpoint === "agent-status-changed" ? ["status"] : [])]);
      const events = eventsOf(endpoint, filled(body, values, absent));
      // What has neither a tag nor a note left was modified all the same.
      const expected = event === "call.tagged" || event === "call.noted" ? "call.modified" : event;
      expect(events.map(({ type }) => type)).toEqual([expected]);
    }
  });

  test("holds no merge tag but CloudTalk's, and names its event itself", () => {
    const [first = ["", ""], ...others] = Object.entries(body);
    expect(first[0]).toBe("event_type");
    expect(first[1]).toMatch(/^[a-z._-]+$/);
    for (const [, value] of others) expect(value).toMatch(mergeTag);
    expect(needsOneOf.filter((name) => !(name in body))).toEqual([]);
  });
});

const templateOf = (endpoint: string) => cloudTalkTemplates.find((one) => one.endpoint === endpoint)?.body ?? {};

describe("a body as CloudTalk fills it", () => {
  const ended = templateOf("call-ended");

  test("has numbers without plus, text with quotes and line breaks, and everything arrives", () => {
    const [event, ...extras] = eventsOf("call-ended", filled(ended, known, null));
    expect(event).toMatchObject({
      data: {
        ...{ callId: "1000000021", callUuid: uuid, direction: "inbound", agentId: "400001" },
        ...{ cloudtalkContactId: "1400000001", talkingSeconds: 70, waitingSeconds: 20, voicemail: false },
      },
      personal: {
        ...{ externalPhone: "+12025550143", internalPhone: "+12025550178", recordingUrl: link(1000000021) },
        ...{ agentName: 'Ada O"Neil \\ Example', contactName: 'Grace "Gigi" Sample' },
      },
    });
    expect(extras.map(({ type, data, personal }) => ({ type, ...data, ...personal }))).toMatchObject([
      { type: "call.tagged", tag: "VIP" },
      { type: "call.tagged", tag: "Follow up" },
      { type: "call.noted", note: known.notes },
    ]);
  });

  test("takes the contact from the list where the builder offers no contact_id", () => {
    const values = { ...known, contact_id: undefined };
    for (const endpoint of ["call-ended", "call-started"]) {
      const [event] = eventsOf(endpoint, filled(templateOf(endpoint), values, null));
      expect(event?.data).toMatchObject({ cloudtalkContactId: "1400000001" });
    }
    const [contact] = eventsOf(
      "contact-updated",
      filled(templateOf("contact-updated"), { contacts: known.contacts }, ""),
    );
    expect(contact?.stream).toBe("contact:ct:1400000001");
  });

  test("has lists of objects as words without meaning, which become no tag and no note", () => {
    const objects = { ...known, tags: [{ name: "a" }, { name: "b" }], call_tags: [{}], notes: [{ note: "x" }] };
    expect(eventsOf("call-ended", filled(ended, objects, null)).map(({ type }) => type)).toEqual(["call.ended"]);
  });

  test("says nothing of a missed call's talking time when CloudTalk leaves it out", () => {
    const values = { ...known, talking_time: undefined, answered_at: undefined };
    const [event] = eventsOf("call-ended", filled(ended, values, ""));
    expect(event?.data).not.toHaveProperty("talkingSeconds");
    expect(event?.data).not.toHaveProperty("answeredAt");
  });
});

test("a contact changed twice, reported by its id alone, is two reports", () => {
  const body = filled(templateOf("contact-updated"), known, null);
  const [first] = eventsOf("contact-updated", body, "2026-09-27T16:02:00.000Z");
  const [second] = eventsOf("contact-updated", body, "2026-09-27T16:03:00.000Z");
  expect(first?.key).not.toEqual(second?.key);
});

test.each([
  ["contact.created", "created"],
  ["contact.deleted", "deleted"],
])("with %s as its event the contact's body says so", (event_type, change) => {
  const body = filled({ ...templateOf("contact-updated"), event_type }, known, null);
  expect(eventsOf("contact-updated", body)[0]?.data).toMatchObject({ change });
});
