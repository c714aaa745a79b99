import type { Database, Envelope, EventLog, Keyring } from "@callbridge/event-log";
import { isEventType, linksOf, unlinksOf } from "@callbridge/events";
import { type CallRow, callRow } from "./call-row.ts";
import { type EffectRow, effectRows } from "./effect-rows.ts";
import {
  type ContactName,
  deleteCalls,
  insertCalls,
  limitIdleTransaction,
  linkedStreams,
  lockProjection,
  readPosition,
  refreshContacts,
  type StreamName,
  savePosition,
  writeEffects,
} from "./tables.ts";

/** Events per transaction: about fifty calls, some hundred milliseconds during which an erasure has to wait. */
const batchSize = 500;
/** Subjects loaded at once: they share the log's connections with whatever else the process does. */
const loadsMax = 4;

export type Source = { log: EventLog; keyring: Keyring };
export type Projected = { position: number; events: number };

/** A call, a contact or whatever else the events are about, under all of its names. */
type Subject = { account: string; streams: string[] };

/**
 * Takes the next events into the tables, in one transaction with the position. Every subject that an event touches is
 * folded anew from all of its events, so the rows depend on the log alone and not on how it was cut into batches: once all
 * events are in, they are the same however it was done.
 */
export async function projectBatch(db: Database, { log, keyring }: Source): Promise<Projected> {
  return db.transaction().execute(async (transaction) => {
    await limitIdleTransaction(transaction);
    await lockProjection(transaction);
    const position = await readPosition(transaction);
    const batch = await log.envelopes(position, batchSize);
    const last = batch.at(-1);
    if (!last) return { position, events: 0 };

    const subjects = await subjectsOf(transaction, batch);
    const rows = await inGroups(subjects, loadsMax, (subject) => rowsOf(subject, log, keyring));
    // A link that came in meanwhile may show one call under two names already; its own event sets that right later.
    const calls = latest(
      rows,
      ({ call }) => call ?? [],
      ({ subject }) => subject,
    );
    const effects = latest(
      rows,
      (row) => row.effects,
      ({ effect }) => effect,
    );
    const before = await deleteCalls(transaction, [
      ...subjects.flatMap(({ account, streams }) => streams.map((stream) => ({ account, stream }))),
      ...calls.map(({ account, subject }) => ({ account, stream: subject })),
    ]);
    await insertCalls(transaction, calls);
    await writeEffects(transaction, effects);
    await refreshContacts(transaction, [...before, ...contactsOf(calls), ...contactsIn(batch)]);
    await savePosition(transaction, last.position);
    return { position: last.position, events: batch.length };
  });
}

const isCall = (stream: string) => stream.startsWith("call:");

/** Calls, and whatever has writes of its own. An event that links two names, or parts them, touches both. */
async function subjectsOf(db: Database, batch: readonly Envelope[]): Promise<Subject[]> {
  const touched = new Map<string, StreamName>();
  for (const event of batch) {
    const { account, stream, type } = event;
    const own = isCall(stream) || type.startsWith("effect.") ? [stream] : [];
    for (const name of [...own, ...linksIn(event)]) touched.set(`${account}\n${name}`, { account, stream: name });
  }
  const names = [...touched.values()];
  const streams = await linkedStreams(db, names);
  const subjects = new Map<string, Subject>();
  for (const [index, { account }] of names.entries()) {
    const all = streams[index] ?? [];
    subjects.set(`${account}\n${all.join("\n")}`, { account, streams: all });
  }
  return [...subjects.values()];
}

function linksIn({ type, data }: Envelope): string[] {
  if (!isEventType(type)) return [];
  const fields = data as Record<string, unknown>;
  return [...linksOf(type, fields), ...unlinksOf(type, fields)].flat();
}

async function rowsOf(
  { account, streams }: Subject,
  log: EventLog,
  keyring: Keyring,
): Promise<{ call?: CallRow; effects: EffectRow[] }> {
  const { events } = await log.stream(account, streams[0] ?? "");
  const subject = events[0]?.stream;
  if (subject === undefined) return { effects: [] };
  const effects = effectRows(subject, events);
  if (!streams.some(isCall)) return { effects };
  return { effects, call: callRow(subject, streams, events, effects, (text) => keyring.hash(account, text)) };
}

type Row = { account: string; last_position: number };

/** Of rows with the same name the one that was read last. */
function latest<R, T extends Row>(rows: readonly R[], of: (row: R) => T | T[], nameOf: (row: T) => string): T[] {
  const byName = new Map<string, T>();
  for (const row of rows.flatMap(of)) {
    const name = `${row.account}\n${nameOf(row)}`;
    const known = byName.get(name);
    if (!known || known.last_position <= row.last_position) byName.set(name, row);
  }
  return [...byName.values()];
}

function contactsOf(calls: readonly CallRow[]): ContactName[] {
  return calls.flatMap(({ account, ghl_contact_id: id }) => (id === undefined ? [] : [{ account, id }]));
}

const contactPrefix = "contact:ghl:";

function contactsIn(batch: readonly Envelope[]): ContactName[] {
  return batch
    .filter(({ stream }) => stream.startsWith(contactPrefix))
    .map(({ account, stream }) => ({ account, id: stream.slice(contactPrefix.length) }));
}

async function inGroups<T, R>(items: readonly T[], size: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += size) {
    results.push(...(await Promise.all(items.slice(start, start + size).map(work))));
  }
  return results;
}
