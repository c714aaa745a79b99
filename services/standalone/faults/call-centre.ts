import type { CallDetails, CloudTalk, Contact, HistoryRow } from "@callbridge/cloudtalk";
import type { CloudTalkCallId, CloudTalkCallUuid, CloudTalkContactId } from "@callbridge/events";
import type { Schedule, ScheduledCall } from "./schedule.ts";
import { beginningMs, type SimulatedTime } from "./simulated-time.ts";
import { notSimulated, refused, type VendorRequest } from "./vendor-port.ts";

/** A call as it really was: what everything else is measured by. */
export type RealCall = ScheduledCall & {
  callId: CloudTalkCallId;
  callUuid: CloudTalkCallUuid;
  phone: string;
  cloudtalkContactId: CloudTalkContactId | undefined;
  startedAt: string;
  endedAt: string;
  talkingSeconds: number;
};

export type CallCentre = {
  calls: RealCall[];
  contacts: (Pick<Contact, "id" | "phones" | "name" | "emails" | "tags" | "externalUrls"> & { foundFromMs: number })[];
};

const ownNumber = "+390600000001";
const agent = { agentId: "400001", agentName: "Sarah Agent" };

export function callCentre({ calls, people }: Schedule): CallCentre {
  const contacts = people.map(({ phone, in: where }, index) => ({
    ...{ id: String(1_400_000_001 + index) as CloudTalkContactId, name: `Person ${index}`, phones: [phone] },
    ...{ emails: [], tags: [], externalUrls: [] },
    foundFromMs: where === "both" ? 0 : Number.POSITIVE_INFINITY,
  }));
  const isoAt = (ms: number) => new Date(beginningMs + ms).toISOString();
  return {
    calls: calls.map((call, index) => ({
      ...call,
      callId: String(1_000_000_001 + index) as CloudTalkCallId,
      callUuid: `00000000-0000-4000-8000-${String(index + 1).padStart(12, "0")}` as CloudTalkCallUuid,
      phone: people[call.person]?.phone ?? "",
      cloudtalkContactId: people[call.person]?.in === "both" ? contacts[call.person]?.id : undefined,
      startedAt: isoAt(call.startMs),
      endedAt: isoAt(call.endMs),
      talkingSeconds: call.outcome === "answered" ? Math.round((call.endMs - call.startMs) / 1_000) : 0,
    })),
    contacts: contacts.filter(({ foundFromMs }) => foundFromMs === 0),
  };
}

/** The call centre as one process sees it: the functions of libs/cloudtalk, each as one request. */
export function callCentreClient(
  { calls, contacts }: CallCentre,
  request: VendorRequest,
  { time, lagMs }: { time: SimulatedTime; lagMs: number },
): CloudTalk {
  /** Its own records lag behind, differently for every call. */
  const recorded = () => calls.filter((call) => time.nowMs() >= beginningMs + call.endMs + call.recordsAfterMs);
  const told = ({ foundFromMs: _, ...contact }: CallCentre["contacts"][number]): Contact => {
    return structuredClone({ ...contact, company: undefined, attributes: [] });
  };
  const known = (id: string, operation: string) => {
    const contact = contacts.find((one) => one.id === id);
    if (!contact) throw refused("cloudtalk", operation, "Not found.");
    return contact;
  };

  return {
    callDetails: (callId) =>
      request("callDetails", "read", () => {
        const call = recorded().find((one) => one.callId === callId);
        return call && detailsOf(call);
      }),
    callHistory: ({ externalPhone }) =>
      request("callHistory", "read", () => {
        const rows = recorded().filter(({ phone }) => externalPhone === undefined || phone === externalPhone);
        return { pages: 1, rows: rows.map(rowOf) };
      }),
    recording: async () => ({ notYet: true }),
    contact: (id) =>
      request("contact", "read", () => {
        const found = contacts.find((one) => one.id === id);
        return found && told(found);
      }),
    findContactsByPhone: (phone) =>
      request("findContactsByPhone", "read", () =>
        contacts.filter((one) => one.phones.includes(phone) && one.foundFromMs <= time.nowMs()).map(told),
      ),
    createContact: ({ name, phones, emails, tags = [], externalUrl }) =>
      request("createContact", "write", () => {
        const id = String(1_500_000_001 + contacts.length) as CloudTalkContactId;
        contacts.push({
          ...{ id, name, phones: [...phones], emails: [...emails], tags: [...tags] },
          ...{ externalUrls: externalUrl ? [externalUrl] : [], foundFromMs: time.nowMs() + lagMs },
        });
        return id;
      }),
    editContact: (id, { name, phones, emails, externalUrls }) =>
      request("editContact", "write", () => {
        const contact = known(id, "contacts.edit");
        if (name !== undefined) contact.name = name;
        if (phones) contact.phones = [...phones];
        if (emails) contact.emails = [...emails];
        if (externalUrls) contact.externalUrls = [...externalUrls];
      }),
    deleteContact: (id) =>
      request("deleteContact", "write", () => {
        const place = contacts.findIndex((one) => one.id === id);
        if (place >= 0) contacts.splice(place, 1);
      }),
    addTags: (id, tags) =>
      request("addTags", "write", () => {
        const contact = known(id, "contacts.addTags");
        contact.tags = [...new Set([...contact.tags, ...tags])];
      }),
    removeTags: (id, tags) =>
      request("removeTags", "write", () => {
        const contact = known(id, "contacts.removeTags");
        contact.tags = contact.tags.filter((tag) => !tags.includes(tag));
      }),
    bulkContacts: notSimulated("bulkContacts"),
    contactsPage: notSimulated("contactsPage"),
    contactAttributes: notSimulated("contactAttributes"),
    tags: notSimulated("tags"),
    notes: notSimulated("notes"),
    addNote: notSimulated("addNote"),
    editNote: notSimulated("editNote"),
    deleteNote: notSimulated("deleteNote"),
    activities: notSimulated("activities"),
    addActivity: notSimulated("addActivity"),
    showCueCard: notSimulated("showCueCard"),
  };
}

function rowOf(call: RealCall): HistoryRow {
  const { callId, direction, startedAt, endedAt, talkingSeconds, phone, cloudtalkContactId, outcome } = call;
  const common = { callId, direction, startedAt, endedAt, talkingSeconds, externalPhone: phone, ...agent };
  return {
    ...common,
    ...{ internalPhone: ownNumber, cloudtalkContactId, voicemail: outcome === "voicemail", waitingSeconds: 4 },
    ...(outcome === "answered" && { answeredAt: startedAt }),
  };
}

function detailsOf(call: RealCall): CallDetails {
  const { endedAt: _, answeredAt: __, ...row } = rowOf(call);
  return { ...row, callUuid: call.callUuid, outcome: call.outcome };
}

/** The body of a webhook, in the two shapes that operators' templates have. */
export function webhookBody(call: RealCall, event: ScheduledCall["webhooks"][number]["event"]): unknown {
  const { callId, callUuid, phone, direction, startedAt, endedAt, talkingSeconds, template } = call;
  const numbers = { internal_number: Number(ownNumber.slice(1)), external_number: Number(phone.slice(1)) };
  const contact_id = call.cloudtalkContactId === undefined ? null : Number(call.cloudtalkContactId);
  const recording_url = `https://my.cloudtalk.io/pub/r/${encodeURIComponent(btoa(callId))}/secret.wav`;
  const isRich = template === "rich";
  const both = { call_uuid: callUuid, call_id: Number(callId), direction, started_at: startedAt };
  // The numeric id exists only after the call.
  if (event === "call-started") return { call_uuid: callUuid, ...numbers, agent_id: 400_001 };
  if (event === "call-modified") return { call_id: Number(callId), ...numbers, tag_name: "checked" };
  if (event === "call-recording-ready") {
    return { ...(isRich ? both : { call_id: Number(callId) }), recording_url, ...numbers };
  }
  if (!isRich) return { call_uuid: callUuid, ...numbers, contact_id, agent_id: 400_001 };
  const times = { ended_at: endedAt, talking_time: talkingSeconds, waiting_time: 4 };
  return { ...both, ...numbers, contact_id, ...times, is_voicemail: call.outcome === "voicemail" };
}
