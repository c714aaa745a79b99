import type { Database } from "@callbridge/event-log";
import { sql } from "kysely";

/** Whom a question is about. A number is its keyed hash; a call stands for itself when it has neither record nor number. */
export type Asked =
  | { cloudtalkContactId: string }
  | { ghlContactId: string }
  | { phoneHash: string }
  | { call: string };

/** Something that only a person can decide. */
export type Question = {
  account: string;
  asked: Asked;
  /** As the events say it: `ambiguous`, `several-in-ghl`, … */
  because: string;
  /** Records of the other side that it may be. */
  candidates: string[];
  since: Date;
  /** How many calls wait for the answer, and the subject of the newest of them. */
  calls: number;
  newestCall: string | undefined;
};

export type WaitingCall = { account: string; subject: string };

/**
 * The calls that wait for an answer: in the CRM there is somebody for them, or there could be. A call of an internal or
 * withheld number waits for nobody. The condition is that of the index calls_unmatched.
 */
const waits = sql`c.match = 'unmatched' and not c.in_crm and not c.erased
  and c.match_because in ('ambiguous', 'unknown-caller', 'creation-failed', 'contact-gone')`;

/** The stream in which a person's answer about a caller is kept. */
const callerStream = sql`case when c.cloudtalk_contact_id is not null then 'contact:ct:' || c.cloudtalk_contact_id
  else coalesce('contact:phone:' || c.phone_hash, c.subject) end`;

/** All open questions, the oldest first. Records and calls of one person are one question. */
export async function openQuestions(db: Database, account: string | undefined): Promise<Question[]> {
  const questions = new Map<string, Question>();
  for (const { stream, ...row } of await waitingCallers(db, account)) {
    questions.set(`${row.account}\n${stream}`, { ...row, asked: askedIn(stream) });
  }
  for (const { stream, ...row } of await ambiguousContacts(db, account)) {
    const name = `${row.account}\n${stream}`;
    const calls = questions.get(name);
    const candidates = [...new Set([...row.candidates, ...(calls?.candidates ?? [])])];
    const own: Question = { ...row, asked: askedIn(stream), calls: 0, newestCall: undefined };
    const since = calls && calls.since < row.since ? calls.since : row.since;
    questions.set(name, { ...own, ...calls, because: row.because, candidates, since });
  }
  return [...questions.values()].sort((a, b) => a.since.getTime() - b.since.getTime());
}

function askedIn(stream: string): Asked {
  const [, kind, id = ""] = /^contact:(ct|ghl|phone):(.+)$/.exec(stream) ?? [];
  if (kind === "ct") return { cloudtalkContactId: id };
  if (kind === "ghl") return { ghlContactId: id };
  return kind === "phone" ? { phoneHash: id } : { call: stream };
}

type CallerRow = Omit<Question, "asked"> & { stream: string };

/** Whoever has a call that waits, unless a person has said that it is nobody. The candidates are those of the newest call. */
async function waitingCallers(db: Database, account: string | undefined): Promise<CallerRow[]> {
  const { rows } = await sql<CallerRow & { linked: string | null }>`
    with waiting as (
      select c.account, ${callerStream} as stream, c.subject, c.streams, c.called_at, c.match_because
      from callbridge.calls c
      where ${waits} and (${account ?? null}::text is null or c.account = ${account ?? null}::text)),
    callers as (
      select account, stream, count(*)::int as calls, min(called_at) as since from waiting group by account, stream)
    select distinct on (w.account, w.stream) w.account, w.stream, w.match_because as because, w.subject as "newestCall",
      callers.calls, callers.since, coalesce(found.candidates, '{}') as candidates, link.other as linked
    from waiting w
    join callers using (account, stream)
    left join lateral (
      select substr(l.other, length('contact:ghl:') + 1) as other from callbridge.stream_links l
      where l.account = w.account and l.stream = w.stream and l.other like 'contact:ghl:%' limit 1) link on true
    left join lateral (
      select array(select jsonb_array_elements_text(e.data->'candidates')) as candidates from callbridge.events e
      where e.account = w.account and e.stream = any(w.streams) and e.type = 'call.unmatched'
      order by e.position desc limit 1) found on true
    left join lateral (
      select not s.data ? 'belongsTo' as nobody from callbridge.events s
      where s.account = w.account and s.stream = w.stream and s.type = 'contact.settled'
      order by s.position desc limit 1) settled on true
    where link.other is not null or settled.nobody is not true
    order by w.account, w.stream, w.called_at desc, w.subject`.execute(db);
  return rows.map(({ linked, ...row }) => {
    const isLeft = linked !== null && row.because !== "contact-gone";
    return { ...row, candidates: isLeft ? [linked] : row.candidates };
  });
}

type ContactRow = Pick<Question, "account" | "because" | "candidates" | "since"> & { stream: string };

/** Records whose counterpart nobody knows: not linked since they were found ambiguous, not settled, not deleted. */
async function ambiguousContacts(db: Database, account: string | undefined): Promise<ContactRow[]> {
  const { rows } = await sql<ContactRow>`
    select a.account, a.stream, a.data->>'because' as because, a.recorded_at as since,
      array(select jsonb_array_elements_text(a.data->'candidates')) as candidates
    from (
      select distinct on (e.account, e.stream) e.account, e.stream, e.position, e.recorded_at, e.data
      from callbridge.events e
      where e.type = 'contact.ambiguous' and (${account ?? null}::text is null or e.account = ${account ?? null}::text)
      order by e.account, e.stream, e.position desc) a
    where not exists (select from callbridge.stream_links l where l.account = a.account and l.stream = a.stream)
      and not exists (select from callbridge.events s
        where s.account = a.account and s.stream = a.stream and s.position > a.position
          and s.type in ('contact.settled', 'contact.deleted'))`.execute(db);
  return rows;
}

/** The calls that wait for an answer about somebody, the oldest first. */
export async function callsWaitingFor(db: Database, account: string, asked: Asked): Promise<WaitingCall[]> {
  const is =
    "cloudtalkContactId" in asked
      ? sql`c.cloudtalk_contact_id = ${asked.cloudtalkContactId}`
      : "phoneHash" in asked
        ? sql`c.cloudtalk_contact_id is null and c.phone_hash = ${asked.phoneHash}`
        : sql`c.subject = ${"call" in asked ? asked.call : null}`;
  const { rows } = await sql<WaitingCall>`
    select c.account, c.subject from callbridge.calls c
    where c.account = ${account} and ${waits} and ${is} order by c.called_at, c.subject`.execute(db);
  return rows;
}

/** Whose question the call belongs to, whether it waits or not. */
export async function callerOfCall(db: Database, account: string, subject: string): Promise<Asked | undefined> {
  const { rows } = await sql<{ stream: string }>`
    select ${callerStream} as stream from callbridge.calls c
    where c.account = ${account} and c.subject = ${subject}`.execute(db);
  return rows[0] && askedIn(rows[0].stream);
}
