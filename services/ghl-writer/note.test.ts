import { foldCall } from "@callbridge/events";
import { given, type Told } from "@callbridge/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { duration, type NoteOptions, renderNote } from "./note.ts";

const note = (history: Told[], options: Partial<NoteOptions> = {}) =>
  renderNote(foldCall(given(...history)), { timeZone: "UTC", recordingLink: undefined, ...options });
const identified = (outcome: string, facts = {}): Told => ["call.identified", { outcome, ...facts }];
const recordingLink = "https://calls.example/r/capability";
const unanswered = { talkingSeconds: 0, agentName: undefined };

describe("the note of", () => {
  test("an answered call with its analysis and a link, in Rome", () => {
    const history: Told[] = [identified("answered"), "recording.stored", "call.transcribed", "call.analysed"];
    expect(note(history, { timeZone: "Europe/Rome", recordingLink })).toMatchInlineSnapshot(`
      "Inbound call · 22 Nov 2026, 11:00 (Europe/Rome) · 3 min 12 s
      Agent: Sarah Agent

      Slow internet
      Ada's internet is slow. A technician comes on Monday.
      Outcome: appointment booked · Sentiment: positive · Score: 83/100

      Action items:
      • Send a technician

      Coaching:
      • Confirm the address

      Recording: https://calls.example/r/capability
      CloudTalk call 1001"
    `);
  });

  test("an answered call without a recording", () => {
    const history: Told[] = [identified("answered", { direction: "outbound" }), "recording.unavailable"];
    expect(note(history)).toMatchInlineSnapshot(`
      "Outbound call · 22 Nov 2026, 10:00 (UTC) · 3 min 12 s
      Agent: Sarah Agent

      There is no recording: not found.

      CloudTalk call 1001"
    `);
  });

  test("an answered call that nothing more is known of yet", () => {
    expect(note([identified("answered", { talkingSeconds: undefined })])).toMatchInlineSnapshot(`
      "Inbound call · 22 Nov 2026, 10:00 (UTC)
      Agent: Sarah Agent

      CloudTalk call 1001"
    `);
  });

  test("a missed call", () => {
    expect(note([identified("missed", { ...unanswered, waitingSeconds: 44 })])).toMatchInlineSnapshot(`
      "Inbound missed call · 22 Nov 2026, 10:00 (UTC) · rang 44 s

      CloudTalk call 1001"
    `);
  });

  test("a voicemail with its transcript", () => {
    const message = { headline: "Wants to be called back", summary: "Wants to be called back", score: undefined };
    const texts = { actionItems: ["Call Ada back"], coaching: [], outcome: "callback_requested", sentiment: "neutral" };
    const history: Told[] = ["recording.stored", "call.transcribed", ["call.analysed", { ...message, ...texts }]];
    expect(note([identified("voicemail", unanswered), ...history], { recordingLink })).toMatchInlineSnapshot(`
      "Inbound voicemail · 22 Nov 2026, 10:00 (UTC)

      Wants to be called back
      Outcome: callback requested · Sentiment: neutral

      Action items:
      • Call Ada back

      Recording: https://calls.example/r/capability
      CloudTalk call 1001"
    `);
  });

  test("a voicemail without a transcript", () => {
    const history: Told[] = [identified("voicemail", unanswered), "recording.stored"];
    expect(note(history, { recordingLink })).toMatchInlineSnapshot(`
      "Inbound voicemail · 22 Nov 2026, 10:00 (UTC)

      Recording: https://calls.example/r/capability
      CloudTalk call 1001"
    `);
  });

  test("a recording on which nobody speaks", () => {
    const silence: Told = ["call.transcribed", { outcome: "no-speech", segments: 0, words: 0 }];
    expect(note([identified("answered"), "recording.stored", silence])).toMatchInlineSnapshot(`
      "Inbound call · 22 Nov 2026, 10:00 (UTC) · 3 min 12 s
      Agent: Sarah Agent

      Nobody speaks on the recording.

      CloudTalk call 1001"
    `);
  });

  test("a transcription that failed", () => {
    const history: Told[] = [identified("answered"), "recording.stored", "call.transcription_failed"];
    expect(note(history, { recordingLink })).toMatchInlineSnapshot(`
      "Inbound call · 22 Nov 2026, 10:00 (UTC) · 3 min 12 s
      Agent: Sarah Agent

      The recording could not be transcribed: the audio cannot be decoded.

      Recording: https://calls.example/r/capability
      CloudTalk call 1001"
    `);
  });

  test("an analysis that failed", () => {
    const history: Told[] = ["recording.stored", "call.transcribed", "call.analysis_failed"];
    expect(note([identified("answered"), ...history])).toMatchInlineSnapshot(`
      "Inbound call · 22 Nov 2026, 10:00 (UTC) · 3 min 12 s
      Agent: Sarah Agent

      The call was transcribed, but the analysis failed: refused.

      CloudTalk call 1001"
    `);
  });

  test("a call of which hardly anything is known", () => {
    const unknown = { callId: undefined, direction: undefined, startedAt: undefined, agentName: undefined };
    expect(note([identified("unknown", unknown)])).toMatchInlineSnapshot(
      `"Call · not known whether it was answered · 22 Nov 2026, 10:05 (UTC)"`,
    );
  });
});

describe("whatever was said", () => {
  test("is text and never markup, in every place that it can stand", () => {
    const html = `<img src=x onerror="alert(1)"> & <b>Ngo & Sons</b> &lt;i&gt;`;
    const analysis = { headline: html, summary: `${html}!`, outcome: html, actionItems: [html], coaching: [html] };
    const analysed = note([identified("answered", { agentName: html }), ["call.analysed", analysis]]);
    const failures = ["call.transcription_failed", "call.analysis_failed"] as const;
    const failed = failures.map((type) => note([identified("answered"), [type, { because: html }]]));
    for (const text of [analysed, ...failed]) {
      expect(text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
      expect(text).toContain("&lt;b&gt;Ngo &amp; Sons&lt;/b&gt; &amp;lt;i&amp;gt;");
    }
  });

  test("it is cut, and the link and the id at the end never are", () => {
    const long = "😀 All work and no play. ".repeat(1_000);
    const texts = { headline: long, summary: long, outcome: long, actionItems: Array(50).fill(long) };
    const text = note([identified("answered"), ["call.analysed", { ...texts, coaching: Array(50).fill(long) }]], {
      recordingLink,
    });
    expect(text.length).toBeLessThan(5_500);
    expect(text.isWellFormed()).toBe(true);
    expect(text).toMatch(new RegExp(`Recording: ${recordingLink}\nCloudTalk call 1001$`));
  });

  test("no note shows what is not there", () => {
    const facts: Told[] = ["recording.stored", "recording.unavailable", "call.transcribed", "call.analysed"];
    const failures: Told[] = ["call.transcription_failed", "call.analysis_failed"];
    const outcomes = fc.constantFrom("answered", "missed", "voicemail", "unknown");
    const absent = fc.subarray(["direction", "startedAt", "talkingSeconds", "waitingSeconds", "agentName", "callId"]);
    fc.assert(
      fc.property(outcomes, absent, fc.subarray([...facts, ...failures]), (outcome, fields, parts) => {
        const without = Object.fromEntries(fields.map((field) => [field, undefined]));
        const analysis: Told = ["call.analysed", { score: undefined, headline: undefined, summary: undefined }];
        for (const last of [[], [analysis]]) {
          const text = note([identified(outcome, without), ...parts, ...last]);
          expect(text).not.toMatch(/undefined|null|NaN|\[object|Invalid Date/);
          expect(text).not.toMatch(/\n\n\n|^\n|\n$/);
        }
      }),
    );
  });
});

test.each([
  [0, "0 s"],
  [59.6, "1 min"],
  [192, "3 min 12 s"],
  [3_600, "1 h"],
  [7_325, "2 h 2 min 5 s"],
])("%s seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));
