import type { CloudTalk, HistoryRow } from "@callbridge/cloudtalk";
import type { EventLog } from "@callbridge/event-log";
import {
  type Call,
  type Effect,
  type EventData,
  foldCall,
  type Intent,
  type LogEvent,
  stream,
  tellsThatItIsOver,
} from "@callbridge/events";
import { afterError, type Context, type Decision, type Fact, type Handler, RetryLater } from "@callbridge/service";
import { recovered } from "./recovered.ts";

export type ReconcileDeps = {
  cloudtalk: Pick<CloudTalk, "callHistory">;
  log: Pick<EventLog, "stream" | "knownStreams">;
  /** What the rows tell of their contacts, which comes at no further cost. */
  contactsIn: (account: string, rows: readonly HistoryRow[]) => Promise<Fact[]>;
  sweepEveryMs: number;
  sweepWindowMs: number;
  /** Younger calls are left to their webhooks. Milliseconds. */
  sweepGraceMs: number;
};

type Certificate = EventData<"reconcile.certified">;
type Window = { from: Date; to: Date };
/** What the account's stream says: which windows are certified, by the key of the certificate. */
type Account = ReadonlySet<string>;

const dayMs = 24 * 3_600_000;
/** Whether the vendor reads times in UTC or in the company's zone is not known, so the question is wider by a day. */
const zoneMarginMs = dayMs;
const rowsPerPage = 1_000;
const pagesMax = 100;
const examplesMax = 50;
/** How many past days the sweeps make good for; a person can ask for older ones. */
const daysMax = 14;
/** What was recovered needs time to reach the CRM before a window is certified; after the second it is certified as it is. */
const settleAgainMs = 15_000;
const settleMaxMs = 30 * 60_000;

/**
 * The safety net under the webhooks: whatever the vendor's call history shows and the log does not know is reported as
 * recovered, under the call's own id, so that a webhook that comes late after all changes nothing. Each window ends in a
 * certificate: how many calls each side has, and why they differ.
 */
export function reconcileHandler(deps: ReconcileDeps): Handler<Account> {
  return {
    name: "reconcile",
    on: ["reconcile.requested"],
    fold: (events) => new Set(events.map(({ key }) => key)),
    lease: (event) => `reconcile:${event.key}`,
    decide: (event, done, context) => {
      if (event.type !== "reconcile.requested") return {};
      const { from, to, dryRun } = event.data;
      if (from === undefined || to === undefined) return goingOn(sweep(event, done, deps, context), deps);
      return certifyWindow(event, { from: new Date(from), to: new Date(to) }, done, dryRun, deps, context);
    },
  };
}

/** The fact that the sweeps of an account hang on. */
export function sweepsOf(account: string): Fact {
  const data = { dryRun: false };
  return {
    type: "reconcile.requested",
    stream: stream.account(account),
    key: { fact: "reconcile:sweeps" },
    data,
    personal: {},
  };
}

/** All later sweeps hang on this one, so no failure is its last: what would be a dead letter is looked at by the next sweep. */
async function goingOn(sweep: Promise<Decision>, { sweepEveryMs }: ReconcileDeps): Promise<Decision> {
  try {
    return await sweep;
  } catch (cause) {
    throw new RetryLater(sweepEveryMs, afterError(cause, 1).because, { cause });
  }
}

async function sweep(event: LogEvent, done: Account, deps: ReconcileDeps, context: Context): Promise<Decision> {
  const now = context.now.getTime();
  const window = { from: new Date(now - deps.sweepWindowMs), to: new Date(now - deps.sweepGraceMs) };
  const { rows, missing } = await compare(event.account, window, deps);
  const contacts = await deps.contactsIn(event.account, rows);
  const day = dayToCertify(now - deps.sweepGraceMs, done, new Date(event.recordedAt).getTime());
  const certificate = day ? await certifyWindow(event, day, done, false, deps, context) : {};
  const next = { key: event.key, at: new Date(now + deps.sweepEveryMs) };
  return {
    intend: certificate.intend ?? [],
    append: unique([...missing.map(recovered), ...contacts, ...(certificate.append ?? [])]),
    wake: [certificate.wake?.[0] ?? next],
  };
}

/** Recovers, waits until what is on its way has arrived, and then certifies. */
async function certifyWindow(
  event: LogEvent,
  window: Window,
  done: Account,
  dryRun: boolean,
  deps: ReconcileDeps,
  { now }: Context,
): Promise<Decision> {
  if (done.has(keyOf(window))) return {};
  const { rows, missing } = await compare(event.account, window, deps);
  if (missing.length > 0 && !dryRun) {
    return { append: missing.map(recovered), wake: [{ key: event.key, at: new Date(now.getTime() + settleAgainMs) }] };
  }
  // One after the other: a day may have thousands, and nobody waits for a certificate.
  const calls: CallState[] = [];
  for (const row of rows) calls.push(await stateOf(event.account, row, deps));
  const age = now.getTime() - Math.max(new Date(event.recordedAt).getTime(), window.to.getTime());
  if (!dryRun && age < settleMaxMs && calls.some(({ because }) => because === pending)) {
    return { wake: [{ key: event.key, at: new Date(now.getTime() + settleAgainMs) }] };
  }
  return {
    append: [certified(event, window, calls)],
    intend: dryRun ? [] : calls.flatMap(({ doubtful }) => (doubtful ? [duplicatesOf(doubtful)] : [])),
  };
}

/** A note that was attempted more than once without an answer may have been applied late: then there are two. */
function duplicatesOf({ target, revision, input }: Effect): Intent {
  return {
    kind: "ghl.note_duplicates",
    effect: target.replace("ghl-note:", "note-duplicates:"),
    target,
    // After the note, and before any later change of it.
    revision: revision + 0.5,
    input: { contactId: input?.contactId },
  };
}

type CallState = {
  row: HistoryRow;
  known: boolean;
  recovered: boolean;
  because: string | undefined;
  doubtful: Effect | undefined;
};
const pending = "on its way";

/** Whether a call of the history has reached the CRM, and if not, why. */
async function stateOf(account: string, row: HistoryRow, { log }: ReconcileDeps): Promise<CallState> {
  const { events } = await log.stream(account, stream.callById(row.callId));
  const recovered = events.some(({ type }) => type === "call.recovered");
  const call = events.length > 0 ? foldCall(events) : undefined;
  const doubtful = [...(call?.effects.values() ?? [])].find(
    ({ kind, end, attempts, refused }) => kind === "ghl.note" && end === "observed" && attempts - refused > 1,
  );
  return { row, known: events.length > 0, recovered, because: whyNotWritten(call), doubtful };
}

export function whyNotWritten(call: Call | undefined): string | undefined {
  if (!call) return "not in the log";
  const notes = [...call.effects.values()].filter(({ kind }) => kind === "ghl.note");
  if (notes.some(({ end }) => end === "observed")) return undefined;
  if (call.erased) return "erased";
  if (call.contact && "unmatched" in call.contact) return `nobody to note it on: ${call.contact.unmatched}`;
  const ended = notes.find(({ end }) => end !== undefined);
  return ended ? `the note ended as ${ended.end}` : pending;
}

function certified({ account, key }: LogEvent, { from, to }: Window, calls: CallState[]): Fact {
  const absent = calls.filter(({ because }) => because !== undefined);
  const reasons: Record<string, number> = {};
  for (const { because = "" } of absent) reasons[because] = (reasons[because] ?? 0) + 1;
  const data: Certificate = {
    from: from.toISOString(),
    to: to.toISOString(),
    cloudtalk: calls.length,
    log: calls.filter(({ known }) => known).length,
    crm: calls.length - absent.length,
    recovered: calls.filter((call) => call.recovered).length,
    reasons,
    examples: absent.slice(0, examplesMax).map(({ row, because = "" }) => ({ callId: row.callId, because })),
  };
  // A day is certified once, a window that somebody asked for once per asking.
  const fact = key === "reconcile:sweeps" ? keyOf({ from, to }) : `${keyOf({ from, to })}:${key}`;
  return { type: "reconcile.certified", stream: stream.account(account), key: { fact }, data, personal: {} };
}

async function compare(account: string, window: Window, deps: ReconcileDeps) {
  const rows = await history(window, deps);
  const known = await deps.log.knownStreams(
    account,
    rows.map(({ callId }) => stream.callById(callId)),
    // A tag or a note of a call does not bring it to the CRM: known is what was reported as over.
    tellsThatItIsOver,
  );
  return { rows, missing: rows.filter(({ callId }) => !known.has(stream.callById(callId))) };
}

/** The finished calls that ended in the window. */
async function history({ from, to }: Window, { cloudtalk }: ReconcileDeps): Promise<HistoryRow[]> {
  const question = { from: new Date(from.getTime() - zoneMarginMs), to: new Date(to.getTime() + zoneMarginMs) };
  const rows = new Map<string, HistoryRow>();
  for (let page = 1; page <= pagesMax; page++) {
    const answer = await cloudtalk.callHistory({ ...question, page, limit: rowsPerPage });
    for (const row of answer.rows) rows.set(row.callId, row);
    if (page >= answer.pages) break;
  }
  return [...rows.values()].filter(({ endedAt }) => {
    const end = endedAt === undefined ? Number.NaN : new Date(endedAt).getTime();
    return end >= from.getTime() && end < to.getTime();
  });
}

/** The oldest day that nobody certified: after an outage of days each sweep takes one. Yesterday also before our time. */
function dayToCertify(now: number, done: Account, since: number): Window | undefined {
  const days = Array.from({ length: daysMax }, (_, back) => lastDay(now - back * dayMs));
  return days.findLast((day, back) => !done.has(keyOf(day)) && (back === 0 || day.to.getTime() > since));
}

function lastDay(now: number): Window {
  const to = Math.floor(now / dayMs) * dayMs;
  return { from: new Date(to - dayMs), to: new Date(to) };
}

const keyOf = ({ from, to }: Window) => `reconcile:${from.toISOString()}:${to.toISOString()}`;

/** The recent window and yesterday overlap around midnight. */
function unique(facts: Fact[]): Fact[] {
  return [...new Map(facts.map((fact) => [JSON.stringify(fact.key), fact])).values()];
}
