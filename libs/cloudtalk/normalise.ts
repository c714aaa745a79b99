import type { Delivery, NewEvent, Normalised, NormaliserContext } from "@callbridge/events";
import { readEnvelope } from "./envelope.ts";
import { type Report, readReport } from "./report.ts";
import { eventsOf } from "./report-events.ts";
import type { Subject } from "./subject.ts";

/**
 * What a CloudTalk webhook says, in canonical events. Pure, and never throws: nothing is refused for its shape. The
 * body's own name for the event is obeyed over the path; a body without a name that has nothing of what its endpoint is
 * for is recognised by what only one event has, or parked. Sources: facts/cloudtalk.md §2, fixtures/webhooks.
 */
export function normaliseCloudTalk(delivery: Delivery, context: NormaliserContext): Normalised {
  const { body, endpoint } = delivery;
  if (body === undefined)
    return { verdict: "parked", because: "the body is not JSON: check the quotes in the template" };
  if (typeof body !== "object" || body === null) {
    return { verdict: "parked", because: "the body is not a JSON object: send the template's keys and values" };
  }
  const envelope = readEnvelope(body);
  const report = readReport(delivery, body, envelope, context);
  const { named, placed } = report;

  if (named === "unused") return { verdict: "ignored", because: "an event of CloudTalk's that is not used here" };
  if (envelope && named === undefined) return { verdict: "ignored", because: "a native event that is not known here" };
  if (named !== undefined) {
    const because = named === placed || envelope ? undefined : `the body says it is ${named}; it came on ${endpoint}`;
    return accepted(eventsOf(named, report), because) ?? nothingLeft(named, report) ?? notUnderstood(report, named);
  }
  const taken = placed && placed !== "unused" ? asPlaced(placed, report) : undefined;
  return taken ?? misplaced(endpoint, report) ?? notUnderstood(report, placed);
}

/**
 * CloudTalk's only trigger for a call's tags and notes is Call Modified, which also fires when the last one was removed or
 * the other kind was changed: then the call was modified, and that is all.
 */
function nothingLeft(named: Subject, report: Report): Normalised | undefined {
  if ((named !== "tag" && named !== "note") || !report.call.hasId) return undefined;
  return accepted(eventsOf("call.modified", report), `the call has no ${named}: something else of it was changed`);
}

/** The path is believed unless nothing in the body belongs to it. */
function asPlaced(placed: Subject, report: Report): Normalised | undefined {
  const { call } = report;
  if (placed === "call.ended" && call.isOnlyRecording) {
    // Either of the two endpoints may be meant, and the body states both: there is audio, so the call is over.
    const events = [...eventsOf("call.ended", report), ...eventsOf("call.recording_ready", report)];
    return accepted(events, "a recording's body on call-ended: taken as both");
  }
  const isOther =
    (placed === "call.recording_ready" && report.hasTranscript) ||
    (isMoment.has(placed) && call.isOnlyRecording) ||
    (placed.startsWith("call.") && call.isOnlyPhone && report.contact.isChange);
  return isOther ? undefined : accepted(eventsOf(placed, report), undefined);
}

/** Moments of a call at which there is no recording yet, and changes of which a recording is none. */
const isMoment: ReadonlySet<Subject> = new Set(["call.started", "call.answered", "call.modified"]);

/** What only one event can be. A recording costs a download, so it needs both the link and the numeric id. */
function misplaced(endpoint: string, report: Report): Normalised | undefined {
  const { call, contact, hasTranscript, tags, notes } = report;
  const candidates: [Subject, boolean][] = [
    ["call.transcript_ready", hasTranscript && call.hasId],
    ["call.recording_ready", call.data.callId !== undefined && call.personal.recordingUrl !== undefined],
    ["tag", tags.named.length > 0],
    ["note", notes.length > 0],
    ["contact", contact.isChange],
  ];
  for (const [subject, fits] of candidates) {
    if (!fits || subject === report.placed) continue;
    const because = `this is the body of ${subject}, and it came on the wrong endpoint (${endpoint}): correct the URL`;
    const result = accepted(eventsOf(subject, report), because);
    if (result) return result;
  }
  return undefined;
}

function notUnderstood(report: Report, subject: Subject | undefined): Normalised {
  if (report.isProbe) return { verdict: "ignored", because: "a probe" };
  return { verdict: "parked", because: subject ? missing[subject] : missing.unused };
}

const callIsMissing = "nothing about a call was found: put call_uuid, call_id and external_number into the template";
const missing: Record<Subject, string> = {
  "call.started": callIsMissing,
  "call.answered": callIsMissing,
  "call.ended": callIsMissing,
  "call.modified": callIsMissing,
  "call.recording_ready": callIsMissing,
  "call.transcript_ready": callIsMissing,
  tag: "no tag, or nobody who has it: put tag_name, and call_uuid or contact_id, into the template",
  note: "no note text, or nothing it belongs to: put note, and call_uuid or contact_id, into the template",
  contact:
    "no contact, or another event's body: put contact_id and contact_phone into the template, or correct the URL",
  "agent-status": "no agent or no status: put agent_id and status into the template",
  unused: "neither the body nor the URL says which event it is: put event_type, e.g. call.ended, into the template",
};

function accepted([first, ...others]: NewEvent[], because: string | undefined): Normalised | undefined {
  if (first === undefined) return undefined;
  return { verdict: "accepted", events: [first, ...others], ...(because && { because }) };
}
