import type { Fields } from "@callbridge/vendor";

const callKinds = [
  "call.started",
  "call.answered",
  "call.ended",
  "call.modified",
  "call.recording_ready",
  "call.transcript_ready",
] as const;
/** The events that report a call and nothing else. */
export type CallKind = (typeof callKinds)[number];

/** What a delivery is about. `unused`: an event of CloudTalk's that Callbridge has no use for. */
export type Subject = CallKind | "tag" | "note" | "contact" | "agent-status" | "unused";

/**
 * Every name an event has been seen under: our paths, operators' texts, LiveHelperChat's actions, native types
 * (facts/cloudtalk.md §2A, §2B). Bare `started`, `answered` and `ended` are LiveHelperChat's.
 */
const names: Record<Subject, string> = {
  "call.started": "callstarted callstart started callringing",
  "call.answered": "callanswered answered",
  "call.ended": "callended callend ended callfinished callcompleted callhangup",
  "call.modified": "callmodified callupdated callchanged",
  "call.recording_ready": "callrecordingready recordingready recordinguploaded callrecordinguploaded recordingcreated",
  "call.transcript_ready":
    "transcriptionready transcriptready transcriptioncreated transcriptcreated calltranscriptready calltranscriptionready",
  tag: "newtag tagadded tagcreated tagremoved tagdeleted calltagged calltagadded contacttagged contacttagadded contactuntagged contacttagremoved",
  note: "newnote noteadded notecreated noteupdated notedeleted callnoteadded contactnoteadded",
  contact:
    "contactupdated contactcreated contactdeleted contactadded contactremoved contactchanged newcontact contactmerged",
  "agent-status": "agentstatuschanged userstatuschanged agentstatus userstatus",
  // Ringing comes once per agent; our own analysis replaces Conversation Intelligence's.
  unused:
    "ringingonagent callringingonagent raisedhand callraisedhand cidataready usercreated userupdated userdeleted agentcreated agentupdated agentdeleted messagesent messagereceived smssent smsreceived",
};
const subjects: readonly Subject[] = [...callKinds, "tag", "note", "contact", "agent-status", "unused"];
const byName = new Map(
  subjects.flatMap((subject) => names[subject].split(" ").map((name) => [name, subject] as const)),
);

/** The subject that a name stands for, in any casing and with any separators. */
export function subjectNamed(name: string | undefined): Subject | undefined {
  return byName.get(plain(name));
}

/** The subject that the body itself names; it is obeyed over the path, because URLs are pasted into wrong automations. */
export function subjectNamedIn(fields: Fields): Subject | undefined {
  for (const alias of ["eventtype", "event", "eventname", "action", "trigger"]) {
    const subject = subjectNamed(fields.text(alias));
    if (subject) return subject;
  }
  // `type` is also a call's direction and a contact's kind: only a name with both its parts counts.
  const type = fields.text("type");
  return /[._ -]/.test(type ?? "") ? subjectNamed(type) : undefined;
}

/** Whether something came or went, from the same fields that may name the event. */
export function changeIn(fields: Fields): "created" | "updated" | "deleted" | undefined {
  for (const alias of ["action", "eventtype", "event", "eventname", "changetype", "operation", "type"]) {
    const name = plain(fields.text(alias));
    if (/(deleted?|removed?|untagged|detached)$/.test(name)) return "deleted";
    if (/^(contact|tag|note)?(created?|add|added)$|^new(contact|tag|note)$/.test(name)) return "created";
    if (/(updated?|changed|modified|edited)$/.test(name)) return "updated";
  }
  return undefined;
}

const plain = (name: string | undefined) => (name ?? "").toLowerCase().replace(/[^a-z0-9]/g, "");
