import { given, hash, type Told } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { callRow } from "./call-row.ts";
import { effectRows } from "./effect-rows.ts";

const subject = "call:u:uuid-1";
function row(told: Told[], streams = [subject]) {
  const events = given(...told);
  return callRow(subject, streams, events, effectRows(subject, events), hash);
}

describe("the row of a call", () => {
  test("that only rang says nothing that is not known", () => {
    expect(row(["call.started"])).toMatchObject({
      ...{ ended: false, outcome: undefined, talking_seconds: undefined, recording: undefined, match: undefined },
      ...{ in_crm: false, call_uuid: "uuid-1", call_id: undefined, called_at: "2026-11-22T10:05:00.000Z" },
    });
  });

  test("has the ids of its streams, also when no report names them", () => {
    expect(row(["call.noted"], ["call:u:u1", "call:n:1001"])).toMatchObject({ call_id: "1001", call_uuid: "u1" });
  });

  test("has a hash in the place of the number", () => {
    const { phone_hash } = row(["call.ended"]);
    expect(phone_hash).toBe(hash("+393000000001"));
    expect(JSON.stringify(row(["call.ended", "call.identified"]))).not.toContain("393000000001");
  });

  test("tells what became of recording, transcript and analysis, and why not", () => {
    expect(row(["call.ended", "call.recording_ready"]).recording).toBe("announced");
    expect(row(["recording.unavailable"])).toMatchObject({ recording: "unavailable", recording_because: "not-found" });
    expect(row(["recording.stored", "call.transcription_failed"])).toMatchObject({
      ...{ recording: "stored", transcript: "failed", transcript_because: "the audio cannot be decoded" },
    });
    expect(row(["call.transcribed", "call.analysed"])).toMatchObject({
      ...{ transcript: "speech", analysis: "done", call_type: "support", sentiment: "positive", score: 83 },
      ...{ call_result: "appointment_booked", language: "en" },
    });
  });

  test("a note seen once is in the CRM, whatever became of its update", () => {
    const update = { effect: "note:2", revision: 2 };
    const told: Told[] = ["effect.intended", "effect.attempted", "effect.observed"];
    const refused: Told[] = [
      ["effect.intended", update],
      ["effect.attempted", update],
      ["effect.failed", update],
    ];
    expect(row(["call.ended", ...told, ...refused])).toMatchObject({
      ...{ in_crm: true, note: "failed", note_id: "GhlNote0000000000001", noted_at: "2026-11-22T10:05:03.000Z" },
    });
  });

  test("a time that no calendar has is none", () => {
    const report = { startedAt: "0000-01-01T00:00:00Z" };
    expect(row([["call.ended", report]])).toMatchObject({
      started_at: undefined,
      called_at: "2026-11-22T10:05:00.000Z",
    });
  });
});
