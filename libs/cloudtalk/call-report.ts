import {
  type CallDirection,
  canonicalText,
  catalogue,
  type EventData,
  type EventKey,
  type EventPersonal,
  type NormaliserContext,
  stream,
} from "@callbridge/events";
import { type Fields, type Phone, readPhone } from "@callbridge/vendor";
import { directionNamed, isHiddenNumber } from "./call-words.ts";
import { callIdInRecordingUrl, readRecordingUrl } from "./recording-url.ts";
import { cleanText, known, readId, readInstant, within } from "./text.ts";

/** What a body says about a call, in our words. */
export type CallReport = {
  data: EventData<"call.ended">;
  personal: EventPersonal<"call.ended">;
  /** By uuid when there is one, else by numeric id, else a stream of its own. */
  stream: string;
  hasId: boolean;
  /** Something in the body belongs to a call and to nothing else. */
  isCall: boolean;
  /** Numeric id, link and numbers: the body of CloudTalk's Recording Uploaded, and nothing that another event would add. */
  isOnlyRecording: boolean;
  /** Nothing but numbers and names, which a contact's body has too. */
  isOnlyPhone: boolean;
};

/** The other party, by every name seen (facts/predecessor.md §1.3). The contact's own phone comes last. */
const externalAliases = [
  ...["externalnumber.numbere164", "externalnumber.number", "externalnumbere164", "externalnumber", "externalphone"],
  ...["publicexternal", "callernumber", "customernumber", "phonenumber", "phone"],
];
export const contactPhoneAliases = ["contactphone", "contact.phone", "contact.phonenumber", "contacts.0.phone"];
const internalAliases = [
  ...["internalnumber.numbere164", "internalnumber.number", "internalnumbere164", "internalnumber"],
  ...["internalphone", "publicinternal"],
];

/** `phones`: every number in the body; none of them is an id, whatever the template says. */
export function readCall(
  fields: Fields,
  phones: readonly string[],
  receivedAt: string,
  context: NormaliserContext,
): CallReport {
  const call = within(fields, ["", "call."]);
  const direction = readDirection(call);
  const bySide = direction === "outbound" ? ["tonumber", "to"] : direction === "inbound" ? ["fromnumber", "from"] : [];
  const named = phoneOf(call, [...externalAliases, ...bySide], context.defaultCountry);
  const isHidden = [call.raw("calleridstatus"), call.raw(...externalAliases)].some(isHiddenNumber);
  const external = named ?? (isHidden ? undefined : phoneOf(call, contactPhoneAliases, context.defaultCountry));
  const internal = phoneOf(call, internalAliases, context.defaultCountry);
  const recordingUrl = readRecordingUrl(call);
  const ids = readIds(call, phones, recordingUrl);

  const cloudtalkContactId = readId(call.id("contactid", "contact.id", "contacts.0.id", "cloudtalkcontactid"), phones);
  const facts = {
    ...ids,
    direction,
    agentId: readId(call.id("agentid", "agent.id"), phones),
    startedAt: readInstant(call, "startedat", "starttime", "callstart", "callstartedat"),
    answeredAt: readInstant(call, "answeredat", "answertime"),
    endedAt: readInstant(call, "endedat", "endtime", "callend", "callendedat"),
    // Not `duration`: CloudTalk's includes the waiting (a real one is 44 with a talking time of 0), and reading it would
    // turn missed calls into answered ones. Absent is not 0 either.
    talkingSeconds: call.seconds("talkingtime", "talktime", "calltimes.talkingtime"),
    waitingSeconds: call.seconds("waitingtime", "waittime", "calltimes.waitingtime"),
    voicemail: call.boolean("isvoicemail", "voicemail"),
    withheld: isHidden && external === undefined ? true : undefined,
  };
  const agentName = call.text("agentname", "agent.name", "agent.fullname") ?? fullName(call);
  const personal = known({
    externalPhone: external && "e164" in external ? external.e164 : undefined,
    internalPhone: internal && "e164" in internal ? internal.e164 : undefined,
    invalidPhone: external && "invalid" in external ? cleanText(external.invalid) : undefined,
    agentName: cleanText(agentName),
    agentEmail: cleanText(call.text("agentemail", "agent.email")),
    contactName: cleanText(call.text("contactname", "contact.name", "contacts.0.name")),
    recordingUrl,
  });
  const { callId, ...others } = facts;
  const belongsToOthers = Object.keys(known({ ...others, cloudtalkContactId, agentName })).length > 0;
  const data = catalogue["call.ended"].data.parse(known({ ...facts, cloudtalkContactId }));
  const hasFacts = Object.keys(known(facts)).length > 0;
  const hasId = data.callUuid !== undefined || data.callId !== undefined;
  return {
    data,
    personal,
    hasId,
    stream: streamOf(data, () => context.hash(canonicalText({ data, personal, receivedAt }))),
    isCall: hasFacts || Boolean(named ?? internal ?? recordingUrl),
    isOnlyPhone: !hasFacts && recordingUrl === undefined && agentName === undefined,
    isOnlyRecording: Boolean(callId && recordingUrl) && !belongsToOthers,
  };
}

/** Two calls may be reported alike without an id; the time of receipt keeps their streams apart, the key finds repeats. */
function streamOf(data: EventData<"call.ended">, hashOfReport: () => string): string {
  if (data.callUuid) return stream.callByUuid(data.callUuid);
  return data.callId ? stream.callById(data.callId) : stream.callWithoutId(hashOfReport());
}

/** The key of an id-less report: the same content again within minutes is the same report. */
export function keyWithoutId(kind: string, { data, personal }: CallReport, context: NormaliserContext): EventKey {
  const { externalPhone, internalPhone, invalidPhone } = personal;
  const who = canonicalText([kind, externalPhone, internalPhone, invalidPhone, data.agentId]);
  return {
    mode: "repeat",
    entity: `call:x/${kind}/${context.hash(who)}`,
    content: context.hash(canonicalText({ data, personal })),
  };
}

/** A numeric id and a uuid are two names of one call; only digits are a numeric id, whatever the field is called. */
function readIds(call: Fields, phones: readonly string[], recordingUrl: string | undefined) {
  const id = readId(call.id("callid", "cdrid", "call.id"), phones);
  const uuid = readId(call.id("calluuid", "uuid", "call.uuid"), phones)?.replace(uuidShape, (text) =>
    text.toLowerCase(),
  );
  if (id !== undefined && /^\d{1,20}$/.test(id)) return { callId: id, callUuid: uuid };
  // The link's own id fills a gap only: beside a call_id that says otherwise it is the link that is wrong.
  return { callId: callIdInRecordingUrl(recordingUrl), callUuid: uuid ?? id };
}

const uuidShape = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;

function readDirection(call: Fields): CallDirection | undefined {
  const words = ["direction", "calldirection", "calltype", "type"].map((alias) => call.text(alias));
  return words.map(directionNamed).find((direction) => direction !== undefined);
}

function fullName(call: Fields): string | undefined {
  const first = call.text("agentfirstname", "agent.firstname");
  const last = call.text("agentlastname", "agent.lastname");
  return first || last ? [first, last].filter(Boolean).join(" ") : undefined;
}

/** The first alias that holds a number. A hidden one ends the search: another field would be another person's. */
export function phoneOf(fields: Fields, aliases: string[], country: string | undefined): Phone | undefined {
  for (const alias of aliases) {
    const value = fields.raw(alias);
    if (isHiddenNumber(value)) return undefined;
    const phone = readPhone(value, country, "international");
    if (phone) return phone;
  }
  return undefined;
}

/** Every number in the body, E.164. */
export function phonesIn(fields: Fields, country: string | undefined): string[] {
  const call = within(fields, ["", "call."]);
  const aliases = [
    ...externalAliases,
    ...contactPhoneAliases,
    ...internalAliases,
    "tonumber",
    "to",
    "fromnumber",
    "from",
  ];
  const phones = aliases.map((alias) => readPhone(call.raw(alias), country, "international"));
  return phones.flatMap((phone) => (phone && "e164" in phone ? [phone.e164] : []));
}
