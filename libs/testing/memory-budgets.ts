import type { EventLog } from "@callbridge/event-log";

type Budget = {
  limitMax: number;
  windowMs: number;
  taken: number[];
  blockedUntil: number;
  failures: number;
  opened: number;
};
type Budgets = Pick<EventLog, "takeToken" | "learnLimit" | "block" | "countFailure" | "clearFailures">;
type Key = Parameters<EventLog["block"]>[0];

/** The table `budgets` of the log in memory: what libs/event-log/budget.ts does in SQL. */
export function memoryBudgets(): Budgets {
  const table = new Map<string, Budget>();
  const find = ({ account, vendor }: Key) => table.get(`${account}\n${vendor}`);

  return {
    takeToken: async (key, now, { reserve, limitMax, windowMs }) => {
      const time = now.getTime();
      const budget = find(key) ?? { limitMax, windowMs, taken: [], blockedUntil: 0, failures: 0, opened: 0 };
      table.set(`${key.account}\n${key.vendor}`, budget);
      budget.taken = budget.taken.filter((at) => at > time - budget.windowMs);
      const open = Math.max(1, Math.floor(budget.limitMax * (1 - reserve)));
      if (budget.blockedUntil <= time && budget.taken.length < open) {
        budget.taken.push(time);
        return { granted: true, failures: budget.failures };
      }
      const nth = budget.taken.at(-open);
      const waitMs = Math.max(budget.blockedUntil - time, nth === undefined ? 0 : nth + budget.windowMs - time);
      return { granted: false, waitMs: Math.max(1, waitMs) };
    },
    learnLimit: async (key, limitMax, windowMs) => {
      Object.assign(find(key) ?? {}, { limitMax, windowMs });
    },
    block: async (key, until) => {
      const budget = find(key);
      if (budget) budget.blockedUntil = Math.max(budget.blockedUntil, until.getTime());
    },
    countFailure: async (key, now, { failuresMax, openFirstMs, openMaxMs }) => {
      const budget = find(key);
      if (!budget) return undefined;
      budget.failures += 1;
      if (budget.failures < failuresMax || budget.blockedUntil > now.getTime()) return undefined;
      const openMs = Math.min(openFirstMs * 2 ** budget.opened, openMaxMs);
      budget.opened += 1;
      budget.blockedUntil = now.getTime() + openMs;
      return openMs;
    },
    clearFailures: async (key) => {
      const budget = find(key);
      if (budget && budget.failures > 0) Object.assign(budget, { failures: 0, opened: 0, blockedUntil: 0 });
    },
  };
}
