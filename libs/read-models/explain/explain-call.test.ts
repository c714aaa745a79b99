import { given, type Told } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import type { CallHistory, Waiting } from "../history.ts";
import { explainCall } from "./explain-call.ts";
import { renderExplanation } from "./render.ts";

/** All services stand at the end of the log; ten minutes have passed since the first webhook. */
const marks = { "contact-sync": 100, recording: 100, analysis: 100, "ghl-writer": 100 };
const now = new Date("2026-11-22T10:15:00.000Z");
const webhook = (endpoint: string, verdict: string, at: string, because: string | null = null) => ({
  ...{ id: `${endpoint}/${at}`, source: "cloudtalk", endpoint, verdict, because, receivedAt: new Date(at) },
});

type Given = { told: Told[]; waiting?: Partial<Waiting>[] } & Partial<Omit<CallHistory, "waiting">>;

function history({ told, waiting = [], ...rest }: Given): CallHistory {
  const events = given(...told);
  const row = {
    consumer: "contact-sync",
    key: "identify/default/x",
    position: 1,
    at: new Date("2026-11-22T10:16:00Z"),
  };
  return {
    ...{ account: "default", subject: "call:u:uuid-1", events, deliveries: [], marks },
    ...rest,
    waiting: waiting.map((one) => ({ ...row, attempt: 0, because: "timer", inHand: false, ...one })),
  };
}

/** What the end of the explanation says. */
function next(given: Given): string[] {
  const { conclusion } = explainCall(history(given), { now, personal: false });
  return [conclusion.inCrm, ...conclusion.sentences];
}

const identified: Told[] = ["call.ended", "call.recording_ready", "call.identified"];
const analysed: Told[] = ["recording.stored", "call.transcribed", "call.analysed"];
const complete: Told[] = [...identified, "call.matched", ...analysed];
const noted: Told[] = [...complete, "effect.intended", "effect.attempted", "effect.observed"];
const missed: Told[] = ["call.ended", ["call.identified", { outcome: "missed", talkingSeconds: 0 }]];

test("a fine call is told from its webhook to its note", () => {
  const entry = { effect: "call-log:call:u:uuid-1", kind: "ghl.call_log", target: "ghl-call-log:call:u:uuid-1" };
  const told: Told[] = [
    ...complete,
    "effect.intended",
    "effect.attempted",
    ["effect.failed", { final: false, because: "ghl notes.create: 429 Too Many Requests", status: 429 }],
    ["effect.attempted", { attempt: 2 }],
    ["effect.observed", { attempt: 2, how: "read-back" }],
    ["effect.intended", { ...entry, revision: 1 }],
    ["effect.attempted", entry],
    ["effect.observed", { ...entry, vendorId: "message-1" }],
  ];
  const deliveries = [
    webhook("call-ended", "accepted", "2026-11-22T10:05:00Z"),
    webhook("call-ended", "duplicate", "2026-11-22T10:05:00.500Z"),
    webhook("call-recording-ready", "accepted", "2026-11-22T10:05:01Z"),
  ];
  const text = renderExplanation(explainCall(history({ told, deliveries }), { now, personal: false }));
  expect(`\n${text.join("\n")}\n`).toMatchInlineSnapshot(`
    "
    Call 1001 (uuid-1) · account default
    inbound · answered · talked 3 min 12 s · 2026-11-22 10:00:00 UTC · +39••••••••01 · agent 7

    WEBHOOKS
      2026-11-22 10:05:00  cloudtalk call-ended: accepted
      2026-11-22 10:05:00  cloudtalk call-ended: duplicate
      2026-11-22 10:05:01  cloudtalk call-recording-ready: accepted

    FACTS
      2026-11-22 10:05:00  The call ended (number +39••••••••01, agent 7, uuid uuid-1)
      2026-11-22 10:05:01  CloudTalk said that a recording is ready (id 1001)
      2026-11-22 10:05:02  Identified by CloudTalk's call details: answered (inbound, talked 3 min 12 s, waited 4 s, number +39••••••••01, agent 7, id 1001, uuid uuid-1)
      2026-11-22 10:05:03  Belongs to the GoHighLevel contact GhlContact0000000002 (exactly one contact has this number)
      2026-11-22 10:05:04  The recording is stored (audio/wav, 0.0 MiB, 3 min 12 s)
      2026-11-22 10:05:05  The recording is transcribed (89 words, en, whisper-1)
      2026-11-22 10:05:06  The call is analysed (support, appointment booked, positive, score 83, gpt-6-luna)

    WRITES
      Note on the contact: done
        2026-11-22 10:05:07  intended by test
        2026-11-22 10:05:08  attempt 1 at crm.example
        2026-11-22 10:05:09  attempt 1 not taken, to be tried again: ghl notes.create: 429 Too Many Requests
        2026-11-22 10:05:10  attempt 2 at crm.example
        2026-11-22 10:05:11  done, reading back shows: GhlNote0000000000001
      Entry in the conversation: done
        2026-11-22 10:05:12  intended by test
        2026-11-22 10:05:13  attempt 1 at crm.example
        2026-11-22 10:05:14  done, the answer says: message-1

    NEXT
      It is in the CRM as note GhlNote0000000000001 on contact GhlContact0000000002 (crm.example).
      The entry in the conversation is there as message-1.
    "
  `);
});

describe("given a call that is not in the CRM yet", () => {
  test("it waits for its recording, and the note for the analysis", () => {
    const waiting = [
      { consumer: "recording", key: "recording/default/call:u:uuid-1/recording", position: 2 },
      {
        consumer: "ghl-writer",
        key: "write-call/default/note:call:u:uuid-1",
        position: 4,
        at: new Date("2026-11-22T10:18:00Z"),
      },
    ];
    expect(next({ told: [...identified, "call.matched"], waiting })).toMatchInlineSnapshot(`
      [
        "not yet",
        "It is not in the CRM yet because the note waits for the recording, until 2026-11-22 10:18:00 UTC at the latest.",
        "The recording is not there yet because the recording service looks at it again at 2026-11-22 10:16:00 UTC.",
      ]
    `);
  });

  test("it waits for its ids", () => {
    expect(next({ told: ["call.ended"], waiting: [{}] })).toMatchInlineSnapshot(`
      [
        "not yet",
        "It is not in the CRM yet because which call this was is not certain yet (its numeric id is missing): the contact-sync service looks at it again at 2026-11-22 10:16:00 UTC.",
      ]
    `);
  });

  test("nobody has said that it is over", () => {
    expect(next({ told: ["call.started"] })).toMatchInlineSnapshot(`
      [
        "not yet",
        "It is not in the CRM yet because no webhook has said that the call is over.",
        "To do: when it is over: is the call-ended webhook pointed here? WEBHOOKS shows what came.",
      ]
    `);
  });

  test("its note is being sent, and the answer got lost", () => {
    const waiting = [{ consumer: "ghl-writer", key: "effects/retry:8", position: 8, because: "reading back" }];
    expect(next({ told: [...complete, "effect.intended", "effect.attempted"], waiting })).toMatchInlineSnapshot(`
      [
        "unknown",
        "It may or may not be in the CRM: the note was sent (attempt 1) and the answer is not known; it is read back before anything is sent again, which happens at 2026-11-22 10:16:00 UTC.",
      ]
    `);
  });

  test("the vendor is not configured: its service was never started", () => {
    expect(next({ told: identified, marks: { recording: 100 } })).toMatchInlineSnapshot(`
      [
        "no",
        "It is not in the CRM because whose call it was is not decided yet: the contact-sync service was never started here.",
        "To do: start it with CLOUDTALK_API_KEY and GHL_API_KEY; what it has to do is kept until then.",
        "The recording is not there yet because the recording service has seen all of it and waits for another fact.",
      ]
    `);
  });

  test("the service that is next has stopped", () => {
    expect(next({ told: identified, marks: { ...marks, "contact-sync": 2 } })).toMatchInlineSnapshot(`
      [
        "not yet",
        "It is not in the CRM yet because whose call it was is not decided yet: the contact-sync service has worked off the log up to position 2, and this is at 3.",
        "To do: look whether it is running and has CLOUDTALK_API_KEY and GHL_API_KEY; what it has to do is kept until then.",
        "The recording is not there yet because the recording service has seen all of it and waits for another fact.",
      ]
    `);
  });

  test("a service has just been told", () => {
    const { conclusion } = explainCall(history({ told: missed, marks: { ...marks, "contact-sync": 0 } }), {
      now: new Date("2026-11-22T10:05:02Z"),
      personal: false,
    });
    expect(conclusion.sentences).toMatchInlineSnapshot(`
      [
        "It is not in the CRM yet because whose call it was is not decided yet: the contact-sync service is looking at it now.",
      ]
    `);
  });
});

describe("given a call that does not get into the CRM", () => {
  test.each<[string, { candidates?: string[] }?]>([
    ["withheld"],
    ["internal"],
    ["no-phone"],
    ["invalid-phone"],
    ["ambiguous", { candidates: ["Ada", "Bob"] }],
    ["unknown-caller"],
  ])("because it is unmatched: %s", (because, more = {}) => {
    expect(next({ told: [...missed, ["call.unmatched", { because, ...more }]] })).toMatchSnapshot();
  });

  test("because the contact of its caller was refused", () => {
    const effect = { effect: "contact:call:u:uuid-1", kind: "ghl.contact", target: "ghl-contact:hash" };
    const told: Told[] = [
      ...missed,
      ["effect.intended", { ...effect, revision: 0 }],
      ["effect.attempted", effect],
      ["effect.failed", { ...effect, because: "ghl contacts.create: 422 phone is not valid", status: 422 }],
      ["call.unmatched", { because: "creation-failed" }],
    ];
    expect(next({ told })).toMatchInlineSnapshot(`
      [
        "no",
        "It is not in the CRM because no contact has this number and none could be created: ghl contacts.create: 422 phone is not valid.",
        "To do: create the contact in GoHighLevel, then \`callbridge contacts resolve 1001 --ghl <contact>\` notes this call and all that wait with it.",
      ]
    `);
  });

  test("because the note was refused", () => {
    const because = "ghl notes.create: 403 The token does not have access to this location";
    const told: Told[] = [
      ...complete,
      "effect.intended",
      "effect.attempted",
      ["effect.failed", { because, status: 403 }],
    ];
    expect(next({ told })).toMatchInlineSnapshot(`
      [
        "no",
        "It is not in the CRM because the note was refused by crm.example: ghl notes.create: 403 The token does not have access to this location.",
        "To do: check GHL_API_KEY and what it is allowed to do, then callbridge dead redrive --effects f381571040.",
      ]
    `);
  });

  test("because a service gave it up: a dead letter, with the command that brings it back", () => {
    const told: Told[] = [...missed];
    const waiting = [{ key: "match/retry:2", position: 2, at: null, attempt: 20, because: "ghl contacts.search: 500" }];
    const { conclusion, waiting: shown } = explainCall(history({ told, waiting }), { now, personal: false });
    expect(conclusion.sentences).toMatchInlineSnapshot(`
      [
        "It is not in the CRM because whose call it was is not decided yet: the contact-sync service gave up (ghl contacts.search: 500).",
        "To do: remove the cause, then callbridge dead redrive ba752fbd28.",
      ]
    `);
    expect(shown).toMatchInlineSnapshot(`
      [
        {
          "at": undefined,
          "consumer": "contact-sync",
          "key": "match/retry:2",
          "redrive": "callbridge dead redrive ba752fbd28",
          "text": "contact-sync gave up on event 2 (match, tried 20 times): ghl contacts.search: 500",
        },
      ]
    `);
  });

  test("because CloudTalk reported it without any id", () => {
    const told: Told[] = [
      ["call.ended", { callUuid: undefined }],
      ["call.identified", { callId: undefined, callUuid: undefined, outcome: "unknown", because: "deadline" }],
    ];
    expect(next({ told })).toMatchInlineSnapshot(`
      [
        "no",
        "It is not in the CRM because CloudTalk reported it without any id, so nobody can tell which call it was.",
        "To do: put call_id or call_uuid into the webhook's template; the call itself is found by its other webhooks or the call history.",
        "The recording is not there yet because the recording service has seen all of it and waits for another fact.",
      ]
    `);
  });

  test("because it was erased", () => {
    const told: Told[] = [["call.ended", {}, { erased: true }], "call.identified"];
    expect(next({ told })).toMatchInlineSnapshot(`
      [
        "no",
        "It is not in the CRM because its personal data was erased before it was written; nothing is written any more.",
      ]
    `);
  });

  test("or of which nobody knows whether it did", () => {
    const told: Told[] = [
      ...complete,
      "effect.intended",
      "effect.attempted",
      ["effect.unknown", { because: "no answer" }],
    ];
    expect(next({ told })).toMatchInlineSnapshot(`
      [
        "unknown",
        "It may or may not be in the CRM: the note was sent and nobody knows whether it arrived: no answer.",
        "To do: look whether it is there; it is not sent again by itself, because then it might be there twice (callbridge dead redrive --effects f381571040 --accept-double does).",
      ]
    `);
  });
});

describe("given a call in the CRM", () => {
  test("what is still missing is said, and why", () => {
    const told: Told[] = [...identified, "call.matched", "recording.stored", ...noted.slice(-3)];
    expect(next({ told, marks: { ...marks, analysis: 0 } })).toMatchInlineSnapshot(`
      [
        "yes",
        "It is in the CRM as note GhlNote0000000000001 on contact GhlContact0000000002 (crm.example).",
        "The transcript is not there yet because the analysis service has worked off the log up to position 0, and this is at 5.",
        "To do: look whether it is running and has OPENAI_API_KEY, or an OPENAI_BASE_URL of a local server; what it has to do is kept until then.",
      ]
    `);
  });

  test("an update that somebody's edit prevented is said", () => {
    const update = { effect: "note:call:u:uuid-1:2", revision: 2, because: "the note was edited by somebody" };
    const told: Told[] = [...noted, ["effect.intended", update], ["effect.skipped", update]];
    expect(next({ told })).toMatchInlineSnapshot(`
      [
        "yes",
        "It is in the CRM as note GhlNote0000000000001 on contact GhlContact0000000002 (crm.example).",
        "The update of the note is not there because the update was not written: the note was edited by somebody.",
      ]
    `);
  });

  test("a write that was intended anew after it had failed stands for the former one", () => {
    const anew = { effect: "note:call:u:uuid-1:1:redrive:1" };
    const told: Told[] = [
      ...complete,
      ...(["effect.intended", "effect.attempted", "effect.failed"] as const),
      ["effect.intended", anew],
      ["effect.attempted", anew],
      ["effect.observed", { ...anew, vendorId: "note-2" }],
    ];
    expect(next({ told })).toMatchInlineSnapshot(`
      [
        "yes",
        "It is in the CRM as note note-2 on contact GhlContact0000000002 (crm.example).",
      ]
    `);
  });
});

describe("personal data", () => {
  const told: Told[] = ["call.ended", ["call.identified", { contactName: "Ada Rossi" }]];
  const text = (personal: boolean) =>
    JSON.stringify(explainCall(history({ told }), { now, personal })) +
    renderExplanation(explainCall(history({ told }), { now, personal })).join("\n");

  test("is masked", () => {
    expect(text(false)).toContain("+39••••••••01");
    expect(text(false)).not.toMatch(/\+393000000001|Sarah Agent|Ada Rossi/);
  });

  test("is shown on request", () => {
    expect(text(true)).toContain("+393000000001");
    expect(text(true)).toContain("agent Sarah Agent");
    expect(text(true)).toContain("contact Ada Rossi");
  });
});
