import type { Delivery, NormaliserContext } from "@callbridge/events";
import { type Fields, readFields } from "@callbridge/vendor";
import { type CallReport, phonesIn, readCall } from "./call-report.ts";
import { type ContactReport, readContact } from "./contact-report.ts";
import type { Envelope } from "./envelope.ts";
import { changeIn, type Subject, subjectNamed, subjectNamedIn } from "./subject.ts";
import { type Note, readNotes, readTags, type Tags } from "./tags-and-notes.ts";
import { cleanText, readId, readInstant, within } from "./text.ts";

/** A body read in every way that it could be meant; which one counts is decided afterwards. */
export type Report = {
  /** What the body itself says it is, and what the path says. */
  named: Subject | undefined;
  placed: Subject | undefined;
  call: CallReport;
  contact: ContactReport;
  tags: Tags;
  notes: Note[];
  noteId: string | undefined;
  agent: AgentReport;
  change: "created" | "updated" | "deleted" | undefined;
  /** The body has a transcript, even if only as the words `[object Object]`. */
  hasTranscript: boolean;
  isProbe: boolean;
  receivedAt: string;
  /** When it happened, where the event does not say it more precisely. */
  time: string;
  /** Native webhooks and Workflow Automations report the same things; both are kept, the fold merges them. */
  keySuffix: "" | "/native";
  context: NormaliserContext;
};
type AgentReport = {
  agentId: string | undefined;
  status: string | undefined;
  agentName: string | undefined;
  agentEmail: string | undefined;
};

/** Envelopes that operators build by hand around the values. */
const wrappers = ["", "data.", "payload.", "properties.", "event.", "event.properties."];

export function readReport(
  { endpoint, receivedAt }: Delivery,
  body: object,
  envelope: Envelope | undefined,
  context: NormaliserContext,
): Report {
  const fields = within(readFields(envelope?.data ?? body), wrappers);
  const labels = envelope ? readFields({ event: envelope.type, timestamp: envelope.occurredAt }) : fields;
  const named = envelope ? subjectNamed(envelope.type) : subjectNamedIn(fields);
  const placed = subjectNamed(endpoint);
  const subject = named ?? placed;
  const phones = phonesIn(fields, context.defaultCountry);
  let contact: ContactReport | undefined;
  return {
    named,
    placed,
    call: readCall(fields, phones, receivedAt, context),
    // What only some subjects ask for is read when they do: most webhooks are a call's.
    get contact() {
      contact ??= readContact(fields, subject === "contact", phones, context);
      return contact;
    },
    tags: readTags(fields),
    notes: readNotes(fields, subject === "note"),
    get noteId() {
      return readId(fields.id("noteid", "note.id"), phones);
    },
    get agent() {
      return readAgent(fields, phones);
    },
    get change() {
      return changeIn(labels);
    },
    get hasTranscript() {
      return hasTranscript(body);
    },
    get isProbe() {
      return isProbe(fields);
    },
    receivedAt,
    time: readInstant(labels, "timestamp", "occurredat") ?? receivedAt,
    keySuffix: envelope ? "/native" : "",
    context,
  };
}

function readAgent(fields: Fields, phones: readonly string[]): AgentReport {
  return {
    agentId: readId(fields.id("agentid", "agent.id", "userid", "user.id", "id"), phones),
    status: cleanText(
      fields.text("status", "agentstatus", "userstatus", "newstatus", "agent.status", "user.status"),
    )?.toLowerCase(),
    agentName: cleanText(fields.text("agentname", "agent.name", "user.name", "name")),
    agentEmail: cleanText(fields.text("agentemail", "agent.email", "user.email", "email")),
  };
}

/** The fields' reader takes the stringified object for absent, which is right for its content and wrong for its presence. */
function hasTranscript(body: object): boolean {
  return Object.entries(body).some(
    ([key, value]) => /^trans?cript(ion)?(_?text)?$/i.test(key.trim()) && value !== null && value !== "",
  );
}

function isProbe(fields: Fields): boolean {
  const asked = ["test", "ping", "health", "healthcheck", "probe"];
  return fields.isEmpty || fields.has(...asked) || asked.includes(fields.text("event", "type", "action") ?? "");
}
