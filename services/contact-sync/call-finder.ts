import type { CallDetails, CloudTalk, HistoryRow } from "@callbridge/cloudtalk";
import type { Call, CloudTalkCallId } from "@callbridge/events";

export type CallFinder = {
  /** The vendor's details of a call; undefined while it does not know it. Several reports of one call share the answer. */
  byId: (callId: CloudTalkCallId) => Promise<CallDetails | undefined>;
  /** The call with this uuid, as the vendor's details tell it. Undefined: not there (yet). */
  byUuid: (call: Call, now: Date) => Promise<CallDetails | undefined>;
  /** The calls that a report without any id may mean: those of its number around its time. */
  byNumber: (call: Call, now: Date) => Promise<CallDetails[]>;
};

/** Around the report: reports come after wrap-up, which may take many minutes; calls may last for hours. */
const windowMs = 6 * 3_600_000;
/** Whether the vendor reads times in UTC or in the company's zone is not known, so the question is wider by a day. */
const zoneMarginMs = 24 * 3_600_000;
/** One page serves everybody who asks within this time about calls of the same hour. */
const pageFreshMs = 10_000;
const slotMs = 3_600_000;
const rowsMax = 1_000;
/** A company with more calls in the window is asked number by number: that takes one operation for each. */
const pagesMax = 3;
/** Details of this many calls are remembered, so that look-ups of neighbours do not ask again. */
const detailsMax = 500;
/** Requests for details that one look-up may spend; the next look goes on with the rest. */
const requestsMax = 5;

type Page = { rows: HistoryRow[]; isComplete: boolean };

/** Looks calls up by their uuid, which the history itself does not carry: number and time give candidates, the details decide. */
export function createCallFinder(cloudtalk: Pick<CloudTalk, "callDetails" | "callHistory">): CallFinder {
  const pages = new Map<number, { at: number; page: Promise<Page> }>();
  const known = new Map<string, CallDetails>();
  const asked = new Map<string, Promise<CallDetails | undefined>>();

  return {
    byId,
    byUuid: async (call, now) => {
      const candidates = (await around(call, now, windowMs + zoneMarginMs)).filter(
        (row) => row.callUuid === undefined || row.callUuid === call.callUuid,
      );
      return (await detailsOf(candidates, (details) => details.callUuid === call.callUuid)).at(0);
    },
    byNumber: async (call, now) => detailsOf(await around(call, now, windowMs), () => true, requestsMax),
  };

  /** The calls that have the report's number, nearest first. Zone-less times may be off by whole hours. */
  async function around(call: Call, now: Date, distanceMax: number): Promise<HistoryRow[]> {
    const over = new Date(call.overAt ?? now).getTime();
    const distance = (row: HistoryRow) => Math.abs(new Date(row.endedAt ?? row.startedAt ?? 0).getTime() - over);
    return (await history(call, now.getTime(), over))
      .filter((row) => sameNumber(row, call) && distance(row) <= distanceMax)
      .sort((a, b) => distance(a) - distance(b));
  }

  async function history({ externalPhone }: Call, at: number, over: number): Promise<HistoryRow[]> {
    const slot = Math.floor(over / slotMs) * slotMs;
    const { rows, isComplete } = await recent(at, over, slot);
    if (isComplete || externalPhone === undefined) return rows;
    return (await cloudtalk.callHistory({ ...question(slot), externalPhone })).rows;
  }

  function recent(at: number, over: number, slot: number): Promise<Page> {
    for (const [other, { at: readAt }] of pages) if (at - readAt > pageFreshMs) pages.delete(other);
    const fresh = pages.get(slot);
    // A page that was read before the call was over cannot show it.
    if (fresh && fresh.at >= over) return fresh.page;
    const page = fetchPages(slot);
    pages.set(slot, { at, page });
    page.catch(() => pages.delete(slot));
    return page;
  }

  async function fetchPages(slot: number): Promise<Page> {
    const first = await cloudtalk.callHistory(question(slot));
    const rows = [...first.rows];
    const isComplete = first.pages <= pagesMax;
    for (let page = 2; isComplete && page <= first.pages; page++) {
      rows.push(...(await cloudtalk.callHistory({ ...question(slot), page })).rows);
    }
    return { rows, isComplete };
  }

  async function byId(callId: CloudTalkCallId): Promise<CallDetails | undefined> {
    const remembered = known.get(callId);
    if (remembered) return remembered;
    const answer = asked.get(callId) ?? cloudtalk.callDetails(callId);
    asked.set(callId, answer);
    try {
      const details = await answer;
      // Details that do not tell the outcome yet are still being filled in.
      if (details && details.outcome !== "unknown") remember(details);
      return details;
    } finally {
      asked.delete(callId);
    }
  }

  /** The details that are wanted: all of them up to `max`, nearest first. */
  async function detailsOf(rows: HistoryRow[], isWanted: (details: CallDetails) => boolean, max = 1) {
    const wanted: CallDetails[] = [];
    let requests = 0;
    for (const { callId } of rows) {
      if (wanted.length >= max) break;
      if (!known.has(callId) && requests++ >= requestsMax) continue;
      const details = await byId(callId);
      if (details && isWanted(details)) wanted.push(details);
    }
    return wanted;
  }

  function remember(details: CallDetails): void {
    known.set(details.callId, details);
    const oldest = known.size > detailsMax ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
  }
}

const question = (slot: number) => ({
  from: new Date(slot - windowMs - zoneMarginMs),
  to: new Date(slot + slotMs + zoneMarginMs),
  limit: rowsMax,
});
/** What one side does not say does not tell them apart. */
const sameNumber = (row: HistoryRow, call: Call) =>
  call.externalPhone === undefined || row.externalPhone === undefined || row.externalPhone === call.externalPhone;
