import type { Database, Keyring } from "@callbridge/event-log";
import { stream } from "@callbridge/events";
import { sql } from "kysely";

/** A call in one line. */
export type FoundCall = {
  account: string;
  subject: string;
  callId: string | null;
  callUuid: string | null;
  calledAt: Date;
  direction: string | null;
  outcome: string | null;
  inCrm: boolean;
};

/** More calls of one number than anybody reads. */
const foundMax = 200;

/** What somebody may mean by what they typed. Pure. */
export function readQuery(text: string): { streams: string[]; phones: string[] } {
  const query = text.trim();
  if (query.startsWith("call:")) return { streams: [query], phones: [] };
  const digits = query.replace(/[\s().\-/]/g, "").replace(/^00/, "+");
  const isNumber = /^\+?\d+$/.test(digits);
  const isPhone = isNumber && (digits.startsWith("+") || digits !== query);
  if (isPhone) return { streams: [], phones: [e164(digits)] };
  // Digits alone may be either: ids of calls are as long as short numbers.
  if (isNumber) return { streams: [stream.callById(query)], phones: [e164(query)] };
  return { streams: [...new Set([query, query.toLowerCase()])].map(stream.callByUuid), phones: [] };
}

const e164 = (digits: string) => `+${digits.replace(/^\+/, "")}`;

/** By id, and only when no call has it by number: in every account, newest first. */
export async function findCalls(db: Database, keyring: Keyring, query: string): Promise<FoundCall[]> {
  const { streams, phones } = readQuery(query);
  const byId = await callsByStream(db, streams);
  if (byId.length > 0) return byId;
  const accounts = await accountsWithCalls(db);
  const hashes = accounts.flatMap((account) =>
    phones.map((phone) => ({ account, hash: keyring.hash(account, phone) })),
  );
  return callsByPhone(db, hashes);
}

const columns = sql`c.account, c.subject, c.call_id as "callId", c.call_uuid as "callUuid", c.called_at as "calledAt",
  c.direction, c.outcome, c.in_crm as "inCrm"`;

async function callsByStream(db: Database, streams: readonly string[]): Promise<FoundCall[]> {
  const { rows } = await sql<FoundCall>`
    select distinct ${columns}
    from (select distinct account from callbridge.calls) a
    cross join unnest(${streams}::text[]) as given(stream)
    cross join lateral callbridge.linked_streams(a.account, given.stream) as linked(stream)
    join callbridge.calls c on c.account = a.account and c.subject = linked.stream
    order by "calledAt" desc, subject`.execute(db);
  return rows;
}

async function accountsWithCalls(db: Database): Promise<string[]> {
  const { rows } = await sql<{ account: string }>`
    select distinct account from callbridge.calls order by account`.execute(db);
  return rows.map(({ account }) => account);
}

async function callsByPhone(db: Database, hashes: readonly { account: string; hash: string }[]): Promise<FoundCall[]> {
  const { rows } = await sql<FoundCall>`
    select ${columns}
    from jsonb_to_recordset(${JSON.stringify(hashes)}::jsonb) as h(account text, hash text)
    join callbridge.calls c on c.account = h.account and c.phone_hash = h.hash
    order by c.called_at desc, c.subject limit ${foundMax}`.execute(db);
  return rows;
}
