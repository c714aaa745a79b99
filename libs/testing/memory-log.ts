import {
  type Append,
  type Appended,
  type EventLog,
  type InboxEntry,
  type Listener,
  leaseMs,
  StreamMovedOn,
} from "@callbridge/event-log";
import { eventVersion, type LogEvent, linksOf, type NewEvent, parseEvent, unlinksOf } from "@callbridge/events";
import { memoryBudgets } from "./memory-budgets.ts";
import { memoryDue } from "./memory-due.ts";

/** A delivery as the inbox of the log in memory keeps it. */
export type StoredDelivery = Omit<InboxEntry, "verdict" | "request"> & { verdict: string };

/**
 * The event log in memory, for simulations: what PostgreSQL does in one transaction happens here in one step. Proven by the
 * conformance suite that PostgreSQL passes. What only people ask for, and erasing, it does not have.
 */
export type MemoryLog = EventLog & {
  events: () => readonly LogEvent[];
  inbox: () => readonly StoredDelivery[];
  due: ReturnType<typeof memoryDue>["rows"];
};

const repeatMs = 10 * 60_000;
const eventBytesMax = 64 * 1024;

export function memoryLog(): MemoryLog {
  const events: LogEvent[] = [];
  const byKey = new Map<string, LogEvent>();
  const byStream = new Map<string, LogEvent[]>();
  const byTarget = new Map<string, LogEvent[]>();
  const links = new Map<string, Set<string>>();
  const reports = new Map<string, { content: string; turn: number; receivedAt: number }>();
  const inbox: StoredDelivery[] = [];
  const delivered = new Set<string>();
  const leases = new Map<string, { owner: string; until: number }>();
  const marks = new Map<string, { position: number; savedAt: Date }>();
  const listeners = new Set<() => void>();
  const due = memoryDue((position) => events[position - 1]?.account);

  function linked(account: string, stream: string): string[] {
    const found = new Set([stream]);
    for (const one of found) for (const other of links.get(name(account, one)) ?? []) found.add(other);
    return [...found];
  }

  function subject(account: string, stream: string): LogEvent[] {
    const [first = [], ...others] = linked(account, stream).map((one) => byStream.get(name(account, one)) ?? []);
    if (others.length === 0) return [...first];
    return [...first, ...others.flat()].sort((a, b) => a.position - b.position);
  }

  /** The key that the log gives a report: of the report that it repeats, or of a new turn. */
  function keyOf(account: string, { key }: NewEvent, now: number): string {
    if ("fact" in key) return key.fact;
    const entity = key.mode === "repeat" ? `${key.entity}:${key.content}` : key.entity;
    const last = reports.get(name(account, entity));
    const isRepeat = last && (key.mode === "repeat" ? now - last.receivedAt <= repeatMs : last.content === key.content);
    const turn = last === undefined ? 1 : isRepeat ? last.turn : last.turn + 1;
    reports.set(name(account, entity), { content: key.content, turn, receivedAt: now });
    return `${key.entity}#${turn}:${key.content}`;
  }

  function append({ now, events: all = [], deliveries = [], expect = [], due: rows = [] }: Append): Appended {
    const seen = new Set<string>();
    for (const { id, account, source, deliveryId } of deliveries) {
      if (deliveryId === undefined) continue;
      const named = `${account}\n${source}\n${deliveryId}`;
      if (delivered.has(named)) seen.add(id);
    }
    const firsts = new Set<string>();
    for (const { id, account, source, deliveryId } of deliveries) {
      if (deliveryId === undefined || seen.has(id)) continue;
      const named = `${account}\n${source}\n${deliveryId}`;
      if (firsts.has(named)) seen.add(id);
      firsts.add(named);
    }
    for (const { account, stream, position } of expect) {
      const moved = linked(account, stream).some(
        (one) => (byStream.get(name(account, one))?.at(-1)?.position ?? 0) > position,
      );
      if (moved) throw new StreamMovedOn("the stream moved on");
    }
    const taken = all.filter(({ delivery }) => delivery === undefined || !seen.has(delivery));
    for (const { event } of taken) {
      const bytes = Buffer.byteLength(JSON.stringify(event));
      if (bytes > eventBytesMax) throw new Error(`an event of ${bytes} bytes: put its content into storage`);
    }
    const brought = new Set<string | undefined>();
    const answer = taken.map((entry) => {
      const { event, added } = place(entry, now);
      if (added) brought.add(entry.delivery);
      const { id, position, stream, type } = event;
      return { id, position, stream, type, added, delivery: entry.delivery ?? null };
    });
    const verdicts: NonNullable<Appended["verdicts"]> = {};
    for (const { request: _, verdict, ...delivery } of deliveries) {
      const isOld = seen.has(delivery.id) || (verdict === "accepted" && !brought.has(delivery.id));
      verdicts[delivery.id] = isOld ? "duplicate" : verdict;
      inbox.push({ ...delivery, verdict: isOld ? "duplicate" : verdict });
      const { account, source, deliveryId } = delivery;
      if (deliveryId !== undefined) delivered.add(`${account}\n${source}\n${deliveryId}`);
    }
    due.put(now, rows);
    if (brought.size > 0) for (const wake of listeners) wake();
    return { events: answer, verdicts: deliveries.length > 0 ? verdicts : null };
  }

  function place({ account, event, cause }: NonNullable<Append["events"]>[number], now: Date) {
    const key = keyOf(account, event, now.getTime());
    const known = byKey.get(name(account, key));
    if (known) return { event: known, added: false };
    const stored = {
      ...parseEvent(event.type, eventVersion, plain(event.data), plain(event.personal)),
      ...{
        id: idOf(events.length + 1),
        account,
        position: events.length + 1,
        stream: event.stream,
        version: eventVersion,
        key,
      },
      ...{ time: new Date(event.time).toISOString(), recordedAt: now.toISOString(), source: event.source },
      ...{ correlationId: cause.correlationId, causationId: cause.causationId, traceparent: cause.traceparent },
      erased: false,
    } as LogEvent;
    events.push(stored);
    byKey.set(name(account, key), stored);
    add(byStream, name(account, stored.stream), stored);
    if ("target" in stored.data) add(byTarget, name(account, stored.data.target), stored);
    for (const [one, other] of linksOf(stored.type, stored.data)) {
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const) {
        const others = links.get(name(account, from)) ?? new Set();
        links.set(name(account, from), others.add(to));
      }
    }
    for (const [one, other] of unlinksOf(stored.type, stored.data)) {
      links.get(name(account, one))?.delete(other);
      links.get(name(account, other))?.delete(one);
    }
    return { event: stored, added: true };
  }

  const step =
    <Arguments extends unknown[], T>(run: (...given: Arguments) => T) =>
    async (...given: Arguments): Promise<T> =>
      run(...given);
  const absent = (what: string) => (): never => {
    throw new Error(`the log in memory has no ${what}`);
  };
  const announcement = ({ position, account, stream, type, version }: LogEvent) => {
    return { position, account, stream, type, version };
  };
  return {
    url: "memory:",
    events: () => events,
    inbox: () => inbox,
    due: due.rows,
    append: step(append),
    stream: step((account, stream) => {
      const all = subject(account, stream);
      return { events: all, position: all.at(-1)?.position ?? 0 };
    }),
    knownStreams: step((account, streams, types) => {
      const isKnown = (stream: string) => subject(account, stream).some(({ type }) => types.includes(type));
      return new Set(streams.filter(isKnown));
    }),
    lastInStreams: step((account, begin, types) => {
      const last = new Map<string, LogEvent>();
      for (const event of events) {
        const isMeant = event.account === account && event.stream.startsWith(begin) && types.includes(event.type);
        if (isMeant) last.set(event.stream, event);
      }
      return [...last.values()].map(({ recordedAt, ...event }) => ({ ...event, recordedAt: new Date(recordedAt) }));
    }),
    target: step((account, target) => [...(byTarget.get(name(account, target)) ?? [])]),
    after: step((position, limit) => events.slice(position, position + limit)),
    at: step((position) => events[position - 1]),
    announcements: step((position, limit) => events.slice(position, position + limit).map(announcement)),
    envelopes: absent("envelopes"),
    lastPosition: step(() => events.length),
    putDue: step(due.put),
    keepDue: step(due.keep),
    claimDue: step(due.claim),
    hideDue: step(due.hide),
    finishDue: step(due.finish),
    releaseDue: step(due.release),
    nextDueAt: step(due.nextAt),
    takeLease: step((key, owner, now) => {
      const held = leases.get(key);
      if (held && held.owner !== owner && held.until > now.getTime()) return false;
      leases.set(key, { owner, until: now.getTime() + leaseMs });
      return true;
    }),
    releaseLease: step((key, owner) => {
      if (leases.get(key)?.owner === owner) leases.delete(key);
    }),
    ...memoryBudgets(),
    vault: { read: absent("vault"), put: absent("vault"), change: absent("vault"), remove: absent("vault") },
    readMark: step((consumer) => marks.get(consumer)?.position ?? 0),
    saveMark: step((consumer, position, savedAt) => {
      const before = marks.get(consumer);
      if (before && before.position >= position) return false;
      marks.set(consumer, { position, savedAt });
      return true;
    }),
    lowestMark: step(() => (marks.size === 0 ? 0 : Math.min(...[...marks.values()].map(({ position }) => position)))),
    marks: step(() => [...marks].map(([consumer, mark]) => ({ consumer, ...mark }))),
    deadLetters: absent("list of dead letters"),
    countDead: absent("count of dead letters"),
    reviveDead: absent("revival of dead letters"),
    countDue: absent("count of rows"),
    badEnds: absent("list of bad ends"),
    query: absent("query"),
    find: absent("search"),
    bookmark: absent("bookmarks"),
    removeBookmarks: absent("bookmarks"),
    erase: absent("erasing"),
    lockSession: absent("sessions"),
    listen: (wake): Listener => {
      listeners.add(wake);
      return { close: async () => void listeners.delete(wake) };
    },
    migrate: step(() => []),
    isMigrated: step(() => true),
    ping: step(() => undefined),
    close: step(() => undefined),
  };
}

const name = (account: string, rest: string) => `${account}\n${rest}`;
/** The same run gives the same ids. */
const idOf = (position: number) => `00000000-0000-7000-8000-${position.toString(16).padStart(12, "0")}`;
/** As it comes back from a database: nothing that is undefined, nothing that others still hold. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function add(lists: Map<string, LogEvent[]>, key: string, event: LogEvent): void {
  const list = lists.get(key);
  if (list) list.push(event);
  else lists.set(key, [event]);
}
