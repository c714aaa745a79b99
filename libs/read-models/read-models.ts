import { connectDatabase, type EventLog, type Keyring } from "@callbridge/event-log";
import { type FoundCall, findCalls } from "./find-calls.ts";
import { type CallHistory, callHistory, type Delivery, lastDeliveries } from "./history.ts";
import { type Asked, callerOfCall, callsWaitingFor, openQuestions, type Question, type WaitingCall } from "./inbox.ts";
import { projectBatch } from "./project.ts";
import { emptyTables, lockProjection, savePosition } from "./tables.ts";

/** The projection holds one connection while it works; one more answers questions meanwhile. */
const poolSize = 2;

/** How far the tables are: all events up to `position`, of `head` that there were at the start. */
export type Progress = { position: number; head: number };

export type ReadModels = {
  /** Takes all events into the tables that are not in them yet. Safe in several processes at once. */
  catchUp: (onProgress?: (progress: Progress) => void) => Promise<number>;
  /** Empties the tables and fills them from the log. Meanwhile they show only part of it. */
  rebuild: (onProgress?: (progress: Progress) => void) => Promise<number>;
  /** Calls that an id (numeric or uuid), the name of a stream or a phone number may mean, newest first. */
  findCalls: (query: string) => Promise<FoundCall[]>;
  /** Everything that is known of a call, and what happens to it next. Reads the log itself. */
  callHistory: (call: { account: string; subject: string }) => Promise<CallHistory>;
  /** The webhooks received last, whatever became of them. */
  lastDeliveries: (limit: number) => Promise<Delivery[]>;
  /** What waits for a person, the oldest first. */
  openQuestions: (account: string | undefined) => Promise<Question[]>;
  callsWaitingFor: (account: string, asked: Asked) => Promise<WaitingCall[]>;
  /** Whose question a call belongs to, whether it waits or not. */
  callerOf: (call: { account: string; subject: string }) => Promise<Asked | undefined>;
  close: () => Promise<void>;
};

/** Opens the tables beside a log. The database must be migrated. */
export function openReadModels({ log, keyring }: { log: EventLog; keyring: Keyring }): ReadModels {
  const { db } = connectDatabase(log.url, poolSize);

  async function catchUp(onProgress?: (progress: Progress) => void): Promise<number> {
    const head = onProgress ? await log.lastPosition() : 0;
    for (;;) {
      const { position, events } = await projectBatch(db, { log, keyring });
      onProgress?.({ position, head: Math.max(head, position) });
      if (events === 0) return position;
    }
  }

  return {
    catchUp,
    rebuild: async (onProgress) => {
      await db.transaction().execute(async (transaction) => {
        await lockProjection(transaction);
        await emptyTables(transaction);
        await savePosition(transaction, 0);
      });
      return catchUp(onProgress);
    },
    findCalls: (query) => findCalls(db, keyring, query),
    callHistory: (call) => callHistory(db, log, call),
    lastDeliveries: (limit) => lastDeliveries(db, limit),
    openQuestions: (account) => openQuestions(db, account),
    callsWaitingFor: (account, asked) => callsWaitingFor(db, account, asked),
    callerOf: ({ account, subject }) => callerOfCall(db, account, subject),
    close: () => db.destroy(),
  };
}
