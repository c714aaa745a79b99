import type { Keyring } from "@callbridge/event-log";
import { evolveEffects, type LogEvent, stream } from "@callbridge/events";
import type { MemoryLog } from "../../../libs/testing/memory-log.ts";
import type { CallCentre, RealCall } from "./call-centre.ts";
import type { Crm, CrmContact } from "./crm.ts";
import { account } from "./replica.ts";
import type { Schedule } from "./schedule.ts";
import { isStanding } from "./standing.ts";

type End = {
  schedule: Schedule;
  log: MemoryLog;
  crm: Crm;
  callCentre: CallCentre;
  keyring: Keyring;
  promised: readonly string[];
  leadPhones: readonly string[];
  doubledWork: readonly string[];
};

/** What is not as it must be, when everything has come to rest: nothing lost, nothing twice, nothing left over. */
export function violations(end: End): string[] {
  return [
    ...brokenLog(end),
    ...end.callCentre.calls.flatMap((call, index) => brokenCall(end, call, index + 1)),
    ...end.schedule.people.flatMap((person, index) => brokenPerson(end, person.phone, index)),
    ...end.leadPhones.flatMap((phone) => brokenLead(end, phone)),
    ...end.doubledWork,
  ];
}

function brokenLog({ log, promised }: End): string[] {
  const events = log.events();
  const known = new Set(events.map(({ id }) => id));
  const lost = promised.filter((id) => !known.has(id));
  const gap = events.findIndex(({ position }, index) => position !== index + 1);
  const open = [...events.reduce(evolveEffects, new Map()).values()].filter(({ end }) => end === undefined);
  const bad = events.filter(({ type, data }) => type === "effect.failed" && "final" in data && data.final);
  const left = log.due().filter((row) => !isStanding(row));
  return [
    ...lost.map((id) => `event ${id} was accepted and is not in the log`),
    ...(gap < 0 ? [] : [`the log has a gap before position ${events[gap]?.position}`]),
    ...open.map(({ effect }) => `the write ${effect} has no end`),
    ...bad.map(({ data }) => `the write ${"effect" in data ? data.effect : ""} was given up`),
    ...left.map(({ consumer, key, at, because }) => `${at ? "left over" : "dead"}: ${consumer} ${key} (${because})`),
  ];
}

function brokenCall({ log, crm, keyring, schedule }: End, call: RealCall, number: number): string[] {
  const { callId, callUuid, phone, outcome } = call;
  const about = `call ${number}`;
  const names = [stream.callById(callId), stream.callByUuid(callUuid)];
  const events = log.events().filter((event) => names.includes(event.stream));
  const reports = events.filter(({ source }) => source === "cloudtalk").map(({ type }) => type);
  const repeated = reports.filter((type, index) => reports.indexOf(type) !== index);
  const intended = (kind: string) => [
    ...new Set(events.flatMap(({ type, data }) => (isIntent(type, data) && data.kind === kind ? [data] : []))),
  ];

  const marks = new Set(intended("ghl.note").map(({ target }) => markOf(keyring, target)));
  const holders = crm.contacts.flatMap((contact) =>
    contact.notes.filter(({ body }) => [...marks].some((mark) => body.includes(mark))).map(() => contact),
  );
  const byId = crm.contacts.flatMap(({ notes }) =>
    notes.filter(({ body }) => body.includes(`CloudTalk call ${callId}`)),
  );
  const logged = loggedTimes(crm, keyring, intended("ghl.call_log"), phone);
  return [
    ...repeated.map((type) => `${about}: ${type} is in the log more than once`),
    ...(holders.length === 1 ? [] : [`${about}: ${holders.length} notes instead of one`]),
    ...(byId.length === 1 ? [] : [`${about}: its id stands in ${byId.length} notes`]),
    ...holders.filter((contact) => contact.phone !== phone).map(({ id }) => `${about}: its note is on ${id}`),
    ...(logged > 1 ? [`${about}: logged ${logged} times`] : []),
    ...(logged === 0 && schedule.callLog === "provider" ? [`${about}: not logged`] : []),
    ...brokenNote(byId.at(0)?.body ?? "", outcome, about),
  ];
}

/** What was known in the end stands in the note. */
function brokenNote(body: string, outcome: RealCall["outcome"], about: string): string[] {
  const title = { answered: / call ·/, missed: /missed call ·/, voicemail: /voicemail ·/ }[outcome];
  const isAnalysed = outcome === "missed" || body.includes("What was said in");
  return [
    ...(title.test(body) ? [] : [`${about}: ${outcome}, but its note says: ${body.split("\n")[0]}`]),
    ...(isAnalysed ? [] : [`${about}: its note does not say what was said`]),
  ];
}

type Intent = { kind: string; target: string; effect: string };
const isIntent = (type: string, data: LogEvent["data"]): data is LogEvent["data"] & Intent =>
  type === "effect.intended" && "target" in data;

/** As services/ghl-writer marks what it writes. */
const markOf = (keyring: Keyring, target: string) => `[ref callbridge:${keyring.hash(account, target).slice(0, 16)}]`;

function loggedTimes(crm: Crm, keyring: Keyring, intents: Intent[], phone: string): number {
  const references = new Set(intents.map(({ effect }) => keyring.hash(account, effect).slice(0, 16)));
  const own = crm.contacts.filter((contact) => contact.phone === phone);
  const messages = own.flatMap((contact) => contact.messages.filter(({ altId }) => references.has(altId.slice(11))));
  const hooks = [...references].reduce((sum, reference) => sum + (crm.workflow.get(reference)?.times ?? 0), 0);
  return messages.length + hooks;
}

function brokenPerson({ crm, callCentre }: End, phone: string, index: number): string[] {
  const calls = callCentre.calls.filter((call) => call.phone === phone);
  const contacts = crm.contacts.filter((contact) => contact.phone === phone);
  if (calls.length === 0) return [];
  if (contacts.length !== 1) return [`person ${index}: ${contacts.length} contacts in the CRM`];
  const latest = calls.reduce((one, other) => (other.startMs > one.startMs ? other : one));
  const shown = contacts[0] && fieldOf(crm, contacts[0], "Last call time");
  return shown === latest.startedAt ? [] : [`person ${index}: the last call is ${latest.startedAt}, not ${shown}`];
}

const fieldOf = (crm: Crm, contact: CrmContact, name: string) =>
  contact.fields.get(crm.customFields.find((field) => field.name === name)?.id ?? "");

function brokenLead({ crm, callCentre, log }: End, phone: string): string[] {
  const there = callCentre.contacts.filter(({ phones }) => phones.includes(phone));
  const contact = crm.contacts.find((one) => one.phone === phone);
  const linked = log.events().filter((event) => event.stream === stream.ghlContact(contact?.id ?? ""));
  return [
    ...(there.length === 1 ? [] : [`lead ${phone}: ${there.length} contacts in the call centre`]),
    ...(linked.some(({ type }) => type === "contact.linked") ? [] : [`lead ${phone}: not linked`]),
  ];
}
