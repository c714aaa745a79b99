import type { CloudTalkContactId } from "@callbridge/events";
import { type Fields, readFields } from "@callbridge/vendor";
import { idIn, members, phoneIn, rowsAnswer, textIn } from "./answer.ts";
import { type CallFacts, callFacts } from "./call-details.ts";
import { directionNamed, isHiddenNumber } from "./call-words.ts";
import { known, readInstant } from "./text.ts";

/** A row of the call history. `endedAt` is absent while the call runs; the uuid is not documented and rarely there. */
export type HistoryRow = CallFacts & { contact?: HistoryContact | undefined };
/** The caller's contact as the row brings it along, at no further cost. Not all of its fields, hence no base for edits. */
export type HistoryContact = {
  id: CloudTalkContactId;
  name: string | undefined;
  /** E.164. */
  phones: string[];
  emails: string[];
  tags: string[];
};
export type HistoryPage = { rows: HistoryRow[]; pages: number };

/** Answer of `GET /calls/index.json` (facts/cloudtalk.md §1.5). Rows without a usable id are left out. */
export const historyAnswer = rowsAnswer.transform(
  ({ rows, pages }): HistoryPage => ({ pages, rows: rows.map(readRow).filter((row) => row !== undefined) }),
);

function readRow(row: unknown): HistoryRow | undefined {
  const call = readFields(row);
  const data = callFacts({
    callId: idIn(call, "cdr.id"),
    callUuid: idIn(call, "cdr.uuid")?.toLowerCase(),
    direction: directionNamed(call.text("cdr.type")),
    // Times without a zone are read in UTC; whoever compares them allows for the company's zone.
    startedAt: readInstant(call, "cdr.startedat"),
    answeredAt: readInstant(call, "cdr.answeredat"),
    endedAt: readInstant(call, "cdr.endedat"),
    talkingSeconds: call.seconds("cdr.talkingtime"),
    waitingSeconds: call.seconds("cdr.waitingtime"),
    voicemail: call.boolean("cdr.isvoicemail"),
    withheld: isHiddenNumber(call.raw("cdr.publicexternal")) ? true : undefined,
    agentId: idIn(call, "agent.id", "cdr.userid"),
    cloudtalkContactId: idIn(call, "contact.id"),
  });
  if (data.callId === undefined) return undefined;
  const personal = known({
    externalPhone: phoneIn(call.raw("cdr.publicexternal")),
    internalPhone: phoneIn(call.raw("cdr.publicinternal") ?? call.raw("callnumber.calleride164")),
    agentName: textIn(call, "agent.fullname"),
    agentEmail: textIn(call, "agent.email"),
    contactName: textIn(call, "contact.name"),
  });
  const more = known({ recorded: call.boolean("cdr.recorded"), contact: contactOf(call, data.cloudtalkContactId) });
  return { ...data, callId: data.callId, ...personal, ...more };
}

function contactOf(call: Fields, id: CloudTalkContactId | undefined): HistoryContact | undefined {
  if (id === undefined) return undefined;
  const each = <T>(relation: string, read: (member: Fields) => T | undefined): T[] => {
    const found = members(call.raw(relation)).map(read);
    return [...new Set(found.filter((member) => member !== undefined))];
  };
  return {
    id,
    name: textIn(call, "contact.name"),
    phones: each("contact.contactnumbers", (member) => phoneIn(member.raw("value", "publicnumber"))),
    emails: each("contact.contactemails", (member) => textIn(member, "value", "email")?.toLowerCase()),
    tags: each("contact.tags", (member) => textIn(member, "name", "value")),
  };
}

/** The longest page CloudTalk gives is 1000; a page this long costs one operation and stays below a second to read. */
const rowsPerPage = 200;

export type HistoryQuestion = {
  from: Date;
  to: Date;
  /** From 1. */
  page?: number;
  limit?: number;
  externalPhone?: string;
};

/**
 * `date_from` and `date_to` are written in UTC. Whether CloudTalk reads them in UTC or in the company's zone is not
 * known (facts/cloudtalk.md §6 item 4), so the caller widens the window by a day on both sides and filters the rows.
 */
export function historyQuery({ from, to, page = 1, limit = rowsPerPage, externalPhone }: HistoryQuestion) {
  const digits = externalPhone?.replace("+", "");
  return { date_from: clock(from), date_to: clock(to), page, limit, public_external: digits };
}

const clock = (date: Date) => date.toISOString().slice(0, 19).replace("T", " ");
