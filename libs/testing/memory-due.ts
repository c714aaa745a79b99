import type { ClaimLimits, Due, DueEntry } from "@callbridge/event-log";

export type DueRow = DueEntry & { account: string; claim: string | null; runs: number };

/** The table `due` of the log in memory: what libs/event-log/due.ts does in SQL. */
export function memoryDue(accountAt: (position: number) => string | undefined) {
  const table = new Map<string, DueRow>();
  let claims = 0;
  const name = ({ consumer, key }: { consumer: string; key: string }) => `${consumer}\n${key}`;
  const claimed = (entry: Due): DueRow | undefined => {
    const row = table.get(name(entry));
    return row?.claim === entry.claim ? row : undefined;
  };
  const put = (_now: Date, entries: DueEntry[]): void => {
    for (const entry of entries) {
      table.set(name(entry), { ...entry, account: accountAt(entry.position) ?? "", claim: null, runs: 0 });
    }
  };

  return {
    rows: (): readonly DueRow[] => [...table.values()],
    put,
    keep: (now: Date, entries: DueEntry[]): void => {
      for (const entry of entries) if (!table.has(name(entry))) put(now, [entry]);
    },
    claim: (consumer: string, now: Date, limits: ClaimLimits, hiddenMs: number): Due[] => {
      const ready = [...table.values()]
        .filter((row) => row.consumer === consumer && limits.fresh.has(row.account) && row.at && row.at <= now)
        .sort((a, b) => (a.at?.getTime() ?? 0) - (b.at?.getTime() ?? 0));
      const chosen = [
        ...[...limits.fresh].flatMap(([account, free]) =>
          ready.filter((row) => row.account === account && row.runs === 0).slice(0, free),
        ),
        ...ready.filter(({ runs }) => runs > 0).slice(0, limits.suspects),
      ];
      const at = new Date(now.getTime() + hiddenMs);
      return chosen.map((row) => {
        claims += 1;
        const taken = { ...row, at, claim: `claim-${claims}`, runs: row.runs + 1 };
        table.set(name(row), taken);
        return { ...taken };
      });
    },
    hide: (entry: Due, until: Date): void => {
      const row = claimed(entry);
      if (row) row.at = until;
    },
    finish: (entry: Due): void => {
      if (claimed(entry)) table.delete(name(entry));
    },
    release: (entry: Due, _now: Date, { at, attempt, because }: Pick<DueEntry, "at" | "attempt" | "because">): void => {
      const row = claimed(entry);
      if (row) Object.assign(row, { at, attempt, because, claim: null, runs: 0 });
    },
    nextAt: (consumer: string, accounts: readonly string[], now: Date): Date | undefined => {
      let next: Date | undefined;
      for (const row of table.values()) {
        if (row.consumer !== consumer || !accounts.includes(row.account)) continue;
        if (row.at && row.at > now && (!next || row.at < next)) next = row.at;
      }
      return next;
    },
  };
}
