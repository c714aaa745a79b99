import type { Due, DueEntry } from "@callbridge/event-log";

export type DueRow = DueEntry & { claim: string | null; runs: number };

/** The table `due` of the log in memory: what libs/event-log/due.ts does in SQL. */
export function memoryDue() {
  const table = new Map<string, DueRow>();
  let claims = 0;
  const name = ({ consumer, key }: { consumer: string; key: string }) => `${consumer}\n${key}`;
  const claimed = (entry: Due): DueRow | undefined => {
    const row = table.get(name(entry));
    return row?.claim === entry.claim ? row : undefined;
  };
  const put = (_now: Date, entries: DueEntry[]): void => {
    for (const entry of entries) table.set(name(entry), { ...entry, claim: null, runs: 0 });
  };

  return {
    rows: (): readonly DueRow[] => [...table.values()],
    put,
    keep: (now: Date, entries: DueEntry[]): void => {
      for (const entry of entries) if (!table.has(name(entry))) put(now, [entry]);
    },
    claim: (consumer: string, now: Date, limits: { fresh: number; suspects: number }, hiddenMs: number): Due[] => {
      const ready = [...table.values()]
        .filter((row) => row.consumer === consumer && row.at !== undefined && row.at <= now)
        .sort((a, b) => (a.at?.getTime() ?? 0) - (b.at?.getTime() ?? 0));
      const chosen = [
        ...ready.filter(({ runs }) => runs === 0).slice(0, limits.fresh),
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
    nextAt: (consumer: string, now: Date): Date | undefined => {
      let next: Date | undefined;
      for (const row of table.values()) {
        if (row.consumer === consumer && row.at && row.at > now && (!next || row.at < next)) next = row.at;
      }
      return next;
    },
  };
}
