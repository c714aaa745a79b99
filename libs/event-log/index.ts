import type { Announcement, EventType, LogEvent } from "@callbridge/events";
import { sql } from "kysely";
import { type Append, type Appended, append, type DueEntry } from "./append.ts";
import { type BadEnd, listBadEnds } from "./bad-ends.ts";
import { batched } from "./batch.ts";
import { type Bookmark, readBookmark, removeBookmarks } from "./bookmarks.ts";
import {
  type Breaker,
  type BudgetKey,
  block,
  clearFailures,
  countFailure,
  learnLimit,
  type Token,
  takeToken,
} from "./budget.ts";
import { connect } from "./database.ts";
import { countDead, countDue, type DeadCount, type DeadFilter, type DeadLetter, listDead, reviveDead } from "./dead.ts";
import {
  type ClaimLimits,
  claimDue,
  type Due,
  finishDue,
  hideDue,
  keepDue,
  nextDueAt,
  putDue,
  releaseDue,
} from "./due.ts";
import type { Keyring } from "./keyring.ts";
import { releaseLease, takeLease } from "./lease.ts";
import { type Listener, listen } from "./listen.ts";
import { listMarks, lowestMark, type Mark, readMark, saveMark } from "./marks.ts";
import { isMigrated, migrate } from "./migrate.ts";
import { createPersonal } from "./personal.ts";
import { type EventFilter, type EventQuery, findEvent, queryEvents, type StoredEvent } from "./query.ts";
import {
  announcementsAfter,
  type Envelope,
  envelopesAfter,
  knownStreams,
  type LastEvent,
  lastInStreams,
  lastPosition,
  loadStream,
  loadTarget,
  readAfter,
  readAt,
  type Subject,
} from "./read.ts";
import { lockSession, type SessionLock } from "./session-lock.ts";
import { openVault, type Vault } from "./vault.ts";

export {
  type Append,
  type Appended,
  type Cause,
  type DueEntry,
  EventTooLarge,
  type InboxEntry,
  StreamMovedOn,
} from "./append.ts";
export type { BadEnd } from "./bad-ends.ts";
export { type Bookmark, bookmarkConsumer, bookmarkEntry } from "./bookmarks.ts";
/** For libs/read-models alone, whose tables lie beside the log and are written by SQL of its own. */
export { connect as connectDatabase, type Database } from "./database.ts";
export type { DeadCount, DeadFilter, DeadLetter } from "./dead.ts";
export type { ClaimLimits, Due } from "./due.ts";
export { createKeyring, type Keyring, open as unseal, seal } from "./keyring.ts";
export { leaseMs } from "./lease.ts";
export type { Listener } from "./listen.ts";
export type { Mark } from "./marks.ts";
export type { EventFilter, EventQuery, StoredEvent } from "./query.ts";
export { newId } from "./random.ts";
export type { Envelope, LastEvent, Subject } from "./read.ts";
export type { Vault } from "./vault.ts";

/** The log of this installation. Every function is one round trip unless it says otherwise. */
export type EventLog = {
  /** Where it lies, for those who need a connection of their own (relay, LISTEN). */
  url: string;
  append: (request: Append) => Promise<Appended>;
  stream: (account: string, stream: string) => Promise<Subject>;
  /** Those of the streams that have an event of one of these types, by themselves or by a link. */
  knownStreams: (account: string, streams: string[], types: readonly EventType[]) => Promise<Set<string>>;
  /** The last event of one of these types in each stream whose name begins like this. */
  lastInStreams: (account: string, begin: string, types: readonly EventType[]) => Promise<LastEvent[]>;
  target: (account: string, target: string) => Promise<LogEvent[]>;
  after: (position: number, limit: number) => Promise<LogEvent[]>;
  at: (position: number) => Promise<LogEvent | undefined>;
  announcements: (after: number, limit: number) => Promise<Announcement[]>;
  envelopes: (after: number, limit: number) => Promise<Envelope[]>;
  lastPosition: () => Promise<number>;
  putDue: (now: Date, entries: DueEntry[]) => Promise<void>;
  keepDue: (now: Date, entries: DueEntry[]) => Promise<void>;
  claimDue: (consumer: string, now: Date, limits: ClaimLimits, hiddenMs: number) => Promise<Due[]>;
  hideDue: (entry: Due, until: Date) => Promise<void>;
  finishDue: (entry: Due) => Promise<void>;
  releaseDue: (entry: Due, now: Date, next: Pick<DueEntry, "at" | "attempt" | "because">) => Promise<void>;
  nextDueAt: (consumer: string, accounts: readonly string[], now: Date) => Promise<Date | undefined>;
  takeLease: (key: string, owner: string, now: Date) => Promise<boolean>;
  releaseLease: (key: string, owner: string) => Promise<void>;
  takeToken: (
    key: BudgetKey,
    now: Date,
    budget: { reserve: number; limitMax: number; windowMs: number },
  ) => Promise<Token>;
  learnLimit: (key: BudgetKey, limitMax: number, windowMs: number) => Promise<void>;
  block: (key: BudgetKey, until: Date) => Promise<void>;
  countFailure: (key: BudgetKey, now: Date, breaker: Breaker) => Promise<number | undefined>;
  clearFailures: (key: BudgetKey) => Promise<void>;
  /** Tokens and the like. */
  vault: Vault;
  readMark: (consumer: string) => Promise<number>;
  saveMark: (consumer: string, position: number, now: Date) => Promise<boolean>;
  lowestMark: () => Promise<number>;
  marks: () => Promise<Mark[]>;
  /** For people: dead letters in order of position, page by page, and how many there are. */
  deadLetters: (
    filter: DeadFilter,
    after: Pick<DeadLetter, "position" | "id"> | undefined,
    limit: number,
  ) => Promise<DeadLetter[]>;
  countDead: (filter: DeadFilter) => Promise<DeadCount[]>;
  /** Brings dead letters back to life; answers how many of them were dead. */
  reviveDead: (entries: { consumer: string; key: string; at: Date }[], now: Date) => Promise<number>;
  countDue: () => Promise<{ consumer: string; waiting: number; dead: number }[]>;
  /** For people: writes to vendors that were given up or whose end is unknown, after a position. */
  badEnds: (filter: DeadFilter, after: number, limit: number) => Promise<BadEnd[]>;
  /** For people: events as they are stored. Takes some round trips to find where to read. */
  query: (filter: EventFilter) => Promise<EventQuery>;
  /** By position or id. */
  find: (name: string) => Promise<StoredEvent | undefined>;
  bookmark: (begin: string) => Promise<Bookmark | undefined>;
  removeBookmarks: (begin: string) => Promise<void>;
  /** Destroys the personal data of a subject for good: every stream linked to this one. */
  erase: (account: string, stream: string) => Promise<void>;
  /** Waits for a lock that one session at a time can hold. Undefined: stopped while waiting. */
  lockSession: (name: string, signal: AbortSignal) => Promise<SessionLock | undefined>;
  /** `wake` is a hint that there may be something new. */
  listen: (wake: () => void) => Listener;
  migrate: () => Promise<string[]>;
  isMigrated: () => Promise<boolean>;
  /** Throws when the database cannot be written to. */
  ping: () => Promise<void>;
  close: () => Promise<void>;
};

export function openEventLog(options: { url: string; keyring: Keyring; poolSize?: number }): EventLog {
  const { db, pool } = connect(options.url, options.poolSize);
  const personal = createPersonal(db, options.keyring);
  return {
    url: options.url,
    append: batched((requests) => append(pool, personal, requests)),
    stream: (account, stream) => loadStream(db, personal, account, stream),
    knownStreams: (account, streams, types) => knownStreams(db, account, streams, types),
    lastInStreams: (account, begin, types) => lastInStreams(db, account, begin, types),
    target: (account, target) => loadTarget(db, personal, account, target),
    after: (position, limit) => readAfter(db, personal, position, limit),
    at: (position) => readAt(db, personal, position),
    announcements: (after, limit) => announcementsAfter(db, after, limit),
    envelopes: (after, limit) => envelopesAfter(db, after, limit),
    lastPosition: () => lastPosition(db),
    putDue: (now, entries) => putDue(db, now, entries),
    keepDue: (now, entries) => keepDue(db, now, entries),
    claimDue: (consumer, now, limits, hiddenMs) => claimDue(db, consumer, now, limits, hiddenMs),
    hideDue: (entry, until) => hideDue(db, entry, until),
    finishDue: (entry) => finishDue(db, entry),
    releaseDue: (entry, now, next) => releaseDue(db, entry, now, next),
    nextDueAt: (consumer, accounts, now) => nextDueAt(db, consumer, accounts, now),
    takeLease: (key, owner, now) => takeLease(db, key, owner, now),
    releaseLease: (key, owner) => releaseLease(db, key, owner),
    takeToken: (key, now, budget) => takeToken(db, key, now, budget),
    learnLimit: (key, limitMax, windowMs) => learnLimit(db, key, limitMax, windowMs),
    block: (key, until) => block(db, key, until),
    countFailure: (key, now, breaker) => countFailure(db, key, now, breaker),
    clearFailures: (key) => clearFailures(db, key),
    vault: openVault(db, options.keyring),
    readMark: (consumer) => readMark(db, consumer),
    saveMark: (consumer, position, now) => saveMark(db, consumer, position, now),
    lowestMark: () => lowestMark(db),
    marks: () => listMarks(db),
    deadLetters: (filter, after, limit) => listDead(db, filter, after, limit),
    countDead: (filter) => countDead(db, filter),
    reviveDead: (entries, now) => reviveDead(db, entries, now),
    countDue: () => countDue(db),
    badEnds: (filter, after, limit) => listBadEnds(db, filter, after, limit),
    query: (filter) => queryEvents(db, personal, filter),
    find: (name) => findEvent(db, personal, name),
    bookmark: (begin) => readBookmark(db, begin),
    removeBookmarks: (begin) => removeBookmarks(db, begin),
    erase: (account, stream) => personal.destroy(account, stream),
    lockSession: (name, signal) => lockSession(options.url, name, signal),
    listen: (wake) => listen(options.url, wake),
    migrate: () => migrate(db),
    isMigrated: () => isMigrated(db),
    ping: async () => {
      await sql`select 1 from callbridge.marks limit 1`.execute(db);
    },
    close: () => db.destroy(),
  };
}
