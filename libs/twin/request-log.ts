import type { Vendor } from "./route.ts";

export type LoggedRequest = {
  vendor: Vendor;
  operation: string;
  method: string;
  path: string;
  atMs: number;
  /** Null while unanswered, and for good where the connection was dropped. */
  status: number | null;
};

export type RequestReport = {
  total: number;
  /** Per vendor: requests per operation, answers per status, and the busiest sliding window of the vendor's length. */
  vendors: Partial<
    Record<
      Vendor,
      {
        total: number;
        operations: Record<string, number>;
        statuses: Record<string, number>;
        busiestWindow: { windowMs: number; requests: number };
      }
    >
  >;
};

export type RequestLog = {
  add: (entry: LoggedRequest) => LoggedRequest;
  all: () => readonly LoggedRequest[];
  report: (windowMs: (vendor: Vendor) => number) => RequestReport;
  clear: () => void;
};

/** Every request since the last reset, refused and disturbed ones included. */
export function requestLog(): RequestLog {
  let entries: LoggedRequest[] = [];
  return {
    add(entry) {
      entries.push(entry);
      return entry;
    },
    all: () => entries,
    clear() {
      entries = [];
    },
    report(windowMs) {
      const vendors: RequestReport["vendors"] = {};
      for (const vendor of new Set(entries.map((entry) => entry.vendor))) {
        const own = entries.filter((entry) => entry.vendor === vendor);
        vendors[vendor] = {
          total: own.length,
          operations: count(own.map((entry) => entry.operation)),
          statuses: count(own.map((entry) => String(entry.status ?? "dropped"))),
          busiestWindow: {
            windowMs: windowMs(vendor),
            requests: busiest(
              own.map((entry) => entry.atMs),
              windowMs(vendor),
            ),
          },
        };
      }
      return { total: entries.length, vendors };
    },
  };
}

function count(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** The most requests that any window of this length held. */
function busiest(times: number[], windowMs: number): number {
  let first = 0;
  let most = 0;
  times.forEach((time, last) => {
    while (time - (times[first] ?? time) >= windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  });
  return most;
}
