import type { CallDetails, CloudTalk, HistoryRow } from "@callbridge/cloudtalk";
import type { Call } from "@callbridge/events";

export type CallFinder = {
  /**
   * The call in the vendor's history. `details`: the one with this uuid. `others`: for a report without any id, the calls
   * with its number around its time. Undefined: nothing there (yet).
   */
  find: (call: Call, now: Date) => Promise<{ details?: CallDetails; others: CallDetails[] } | undefined>;
};

/** Around the report: reports come after wrap-up, which may take many minutes; calls may last for hours. */
const windowMs = 6 * 3_600_000;
/** Whether the vendor reads times in UTC or in the company's zone is not known, so the question is wider by a day. */
const zoneMarginMs = 24 * 3_600_000;
/** One page serves everybody who asks within this time. */
const pageFreshMs = 10_000;
const rowsMax = 1_000;
const pagesMax = 5;
/** Details of this many calls are remembered, so that look-ups of neighbours do not ask again. */
const detailsMax = 500;
/** Requests that one look-up may spend; the next look goes on with the rest. */
const candidatesMax = 5;

/** Looks calls up by their uuid, which the history itself does not carry: number and time give candidates, the details decide. */
export function createCallFinder(cloudtalk: Pick<CloudTalk, "callDetails" | "callHistory">): CallFinder {
  let page: { at: number; rows: Promise<HistoryRow[]> } | undefined;
  const known = new Map<string, CallDetails>();

  return {
    find: async (call, now) => {
      const around = new Date(call.overAt ?? now).getTime();
      const rows = await recent(now.getTime(), around);
      const candidates = rows
        .filter((row) => sameNumber(row, call) && near(row, around))
        .sort((a, b) => distance(a, around) - distance(b, around));
      const details: CallDetails[] = [];
      for (const row of candidates.slice(0, candidatesMax)) {
        const found = await detailsOf(row);
        if (!found) continue;
        if (call.callUuid && found.callUuid === call.callUuid) return { details: found, others: [] };
        details.push(found);
      }
      if (call.callUuid) return undefined;
      return details.length > 0 ? { others: details } : undefined;
    },
  };

  /** A page that was read before the call was over cannot show it. */
  function recent(at: number, over: number): Promise<HistoryRow[]> {
    if (!page || at - page.at > pageFreshMs || page.at < over) {
      page = { at, rows: fetchAll(at) };
      page.rows.catch(() => {
        page = undefined;
      });
    }
    return page.rows;
  }

  async function fetchAll(at: number): Promise<HistoryRow[]> {
    const question = { from: new Date(at - windowMs - zoneMarginMs), to: new Date(at + zoneMarginMs), limit: rowsMax };
    const rows: HistoryRow[] = [];
    for (let number = 1; number <= pagesMax; number++) {
      const answer = await cloudtalk.callHistory({ ...question, page: number });
      rows.push(...answer.rows);
      if (number >= answer.pages) break;
    }
    return rows;
  }

  async function detailsOf(row: HistoryRow): Promise<CallDetails | undefined> {
    const remembered = known.get(row.callId);
    if (remembered) return remembered;
    const details = await cloudtalk.callDetails(row.callId);
    if (!details) return undefined;
    known.set(row.callId, details);
    const oldest = known.size > detailsMax ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    return details;
  }
}

const sameNumber = (row: HistoryRow, call: Call) =>
  call.externalPhone === undefined || row.externalPhone === undefined || row.externalPhone === call.externalPhone;
const timeOf = (row: HistoryRow) => new Date(row.endedAt ?? row.startedAt ?? 0).getTime();
const distance = (row: HistoryRow, around: number) => Math.abs(timeOf(row) - around);
/** Zone-less times may be off by whole hours. */
const near = (row: HistoryRow, around: number) => distance(row, around) <= windowMs + zoneMarginMs;
