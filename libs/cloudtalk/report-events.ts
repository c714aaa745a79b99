import { canonicalText, type EventKey, type NewEvent, stream } from "@callbridge/events";
import { keyWithoutId } from "./call-report.ts";
import type { Report } from "./report.ts";
import type { CallKind, Subject } from "./subject.ts";
import { distinctTags } from "./tags-and-notes.ts";
import { known } from "./text.ts";

/** The events that the report makes when it is taken as `subject`; none when nothing in it belongs to that subject. */
export function eventsOf(subject: Subject, report: Report): NewEvent[] {
  switch (subject) {
    case "tag":
      return tagEvents(report);
    case "note":
      return noteEvents(report);
    case "contact":
      return contactEvents(report);
    case "agent-status":
      return agentEvents(report);
    case "unused":
      return [];
    default:
      return callEvents(subject, report);
  }
}

function callEvents(kind: CallKind, report: Report): NewEvent[] {
  const { call, tags, notes, context } = report;
  if (!call.isCall) return [];
  const { data, personal } = call;
  // CloudTalk has no "new tag" or "new note" trigger: both arrive as Call Modified, and with the end of a call.
  const withExtras = kind === "call.modified" || kind === "call.ended";
  const extras = withExtras ? [...callTags(report), ...callNotes(report)] : [];
  const name = kind.slice("call.".length);
  const content = () => context.hash(canonicalText({ data, personal, tags, notes }));
  const key: EventKey = !call.hasId
    ? keyWithoutId(name, call, context)
    : kind === "call.modified"
      ? { mode: "state", entity: `${call.stream}/${name}${report.keySuffix}`, content: content() }
      : { fact: `${call.stream}/${name}${report.keySuffix}` };
  const said: Partial<Record<CallKind, string | undefined>> = {
    "call.started": data.startedAt,
    "call.answered": data.answeredAt,
    "call.ended": data.endedAt,
  };
  const time = said[kind] ?? report.time;
  return [{ type: kind, stream: call.stream, key, time, source, data, personal }, ...extras];
}

const source = "cloudtalk";

function tagEvents(report: Report): NewEvent[] {
  const { call, contact, tags, change, context } = report;
  if (call.hasId) return change === "deleted" ? callUntagged(report) : callTags(report);
  if (contact.stream === undefined) return [];
  const ids = known({ cloudtalkContactId: contact.cloudtalkContactId });
  const base = { stream: contact.stream, time: report.time, source, personal: contact.personal } as const;
  if (tags.named.length > 0) {
    const type = change === "deleted" ? "contact.untagged" : "contact.tagged";
    return tags.named.map((tag) => ({
      ...base,
      type,
      // The last word on this tag of this contact: added, removed and added again are three facts, a repeat is none.
      key: {
        mode: "state",
        entity: `${base.stream}/tag:${context.hash(tag.toLowerCase())}`,
        content: change === "deleted" ? "untagged" : "tagged",
      },
      data: { ...ids, origin: source, tag },
    }));
  }
  if (tags.listed.length === 0) return [];
  const content = context.hash(canonicalText([...tags.listed].map((tag) => tag.toLowerCase()).sort()));
  const key: EventKey = { mode: "state", entity: `${base.stream}/tags`, content };
  return [{ ...base, type: "contact.tags_reported", key, data: { ...ids, origin: source, tags: tags.listed } }];
}

/** Every tag is an entity of its own, so that a list that grows from `A` to `A, B` reports only `B`. */
function callTags(report: Report): NewEvent[] {
  const { call, tags, time } = report;
  return distinctTags([...tags.named, ...tags.listed]).map((tag) => ({
    type: "call.tagged",
    stream: call.stream,
    key: tagKey(tag, "tagged", report),
    time,
    source,
    data: { ...call.data, tag },
    personal: call.personal,
  }));
}

/** There is no event for a call's tag that was removed; the change is kept, and adding the tag again is a new fact. */
function callUntagged(report: Report): NewEvent[] {
  const { call, tags, time } = report;
  return tags.named.map((tag) => ({
    type: "call.modified",
    stream: call.stream,
    key: tagKey(tag, "untagged", report),
    time,
    source,
    data: call.data,
    personal: call.personal,
  }));
}

function tagKey(tag: string, content: "tagged" | "untagged", { call, context }: Report): EventKey {
  const name = `tag:${context.hash(tag.toLowerCase())}`;
  return call.hasId ? { mode: "state", entity: `${call.stream}/${name}`, content } : keyWithoutId(name, call, context);
}

function noteEvents(report: Report): NewEvent[] {
  const { call, contact, notes, noteId, change, context } = report;
  if (call.hasId) return callNotes(report);
  const { stream: contactStream } = contact;
  if (contactStream === undefined) return [];
  const deleted = notes.length === 0 && noteId !== undefined && change === "deleted";
  const written = deleted ? [undefined] : notes;
  return written.map((note) => ({
    type: "note.added",
    stream: contactStream,
    key: noteKey(contactStream, noteId, note?.text, change === "deleted" ? "deleted" : "noted", context.hash),
    time: report.time,
    source,
    data: {
      ...known({ cloudtalkContactId: contact.cloudtalkContactId, noteId }),
      origin: source,
      change: change === "deleted" || change === "updated" ? change : "added",
    },
    personal: { ...contact.personal, ...known({ note: note?.text, author: note?.author }) },
  }));
}

function callNotes(report: Report): NewEvent[] {
  const { call, notes, noteId, time, context } = report;
  return notes.map((note) => ({
    type: "call.noted",
    stream: call.stream,
    key: call.hasId
      ? noteKey(call.stream, noteId, note.text, "noted", context.hash)
      : keyWithoutId(`note:${context.hash(note.text)}`, call, context),
    time,
    source,
    data: { ...call.data, ...known({ noteId }) },
    personal: { ...call.personal, note: note.text, ...known({ author: note.author }) },
  }));
}

/** With an id: the last text of that note. Without: the text itself, so that two notes are kept and a repeat is not. */
function noteKey(
  subject: string,
  noteId: string | undefined,
  text: string | undefined,
  what: "noted" | "deleted",
  hash: (text: string) => string,
): EventKey {
  const textHash = text === undefined ? "" : hash(text);
  return noteId === undefined
    ? { mode: "state", entity: `${subject}/note:${textHash}`, content: what }
    : { mode: "state", entity: `${subject}/note:id:${noteId}`, content: `${what}:${textHash}` };
}

/** Where the seconds of an ISO 8601 time end. */
const secondsEnd = "2026-11-22T10:00:00".length;

function contactEvents(report: Report): NewEvent[] {
  const { call, contact, tags, change, context } = report;
  // CloudTalk's contact triggers know nothing of calls: a call's id without any change is another event's body.
  if (contact.stream === undefined || (call.hasId && !contact.isChange)) return [];
  const data = {
    ...known({
      cloudtalkContactId: contact.cloudtalkContactId,
      tags: tags.listed.length > 0 ? tags.listed : undefined,
    }),
    origin: source,
    change: change ?? "updated",
  } as const;
  const { personal } = contact;
  const entity = `${contact.stream}/reported${report.keySuffix}`;
  // A report says what its template names, never all that may have changed. The same within a second is a duplicate, later
  // it is another hint to look. Looking is cheap, and hints that come together are answered together.
  const isHint = data.change === "updated";
  const content = context.hash(canonicalText({ data, personal }));
  return [
    {
      type: "contact.reported",
      stream: contact.stream,
      key: isHint
        ? { fact: `${entity}/at:${report.receivedAt.slice(0, secondsEnd)}:${content}` }
        : { mode: "state", entity, content },
      time: report.time,
      source,
      data,
      personal,
    },
  ];
}

function agentEvents({ agent, time, keySuffix }: Report): NewEvent[] {
  const { agentId, status, ...personal } = agent;
  if (agentId === undefined || status === undefined) return [];
  const name = stream.agent(agentId);
  const key: EventKey = { mode: "state", entity: `${name}/status${keySuffix}`, content: status };
  const data = { agentId, status };
  return [{ type: "agent.status_changed", stream: name, key, time, source, data, personal: known(personal) }];
}
