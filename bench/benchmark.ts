import type { Servers } from "./servers.ts";

/** One figure of a benchmark: what was measured, what it is measured against, and the target if the product has one. */
export type Figure = {
  name: string;
  /** What stands in the table. For ratios: ours over the plain way, measured in the same run. */
  value: number;
  unit: "ratio" | "ms" | "per s" | "requests";
  /** What the value was computed from, medians over the rounds. */
  from: Record<string, number>;
  target?: { atLeast: number } | { below: number };
};

export type Measured = { figures: Figure[] } | { notMeasured: string };

/** `quick` is for trying things out: fewer rounds, less data, the same code. */
type Scale = { quick: boolean };

export type Benchmark = {
  name: string;
  /** What it tells, in one line. */
  tells: string;
  run: (servers: Servers, scale: Scale) => Promise<Measured>;
};

export function isMet({ value, target }: Figure): boolean | undefined {
  if (!target) return undefined;
  return "atLeast" in target ? value >= target.atLeast : value < target.below;
}

/**
 * Runs every way in turn (A, B, A, B, …), so that whatever else the machine does meets all of them, and gives the results
 * of each. The first round warms up caches and compilers and does not count.
 */
export async function alternate<Results extends Record<string, unknown>>(
  rounds: number,
  ways: { [Name in keyof Results]: (round: number) => Promise<Results[Name]> },
): Promise<{ [Name in keyof Results]: Results[Name][] }> {
  const names: (keyof Results)[] = Object.keys(ways);
  const results = {} as { [Name in keyof Results]: Results[Name][] };
  for (const name of names) results[name] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const result = await ways[name](round);
      if (round > 0) results[name].push(result);
    }
  }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? upper)) / 2 : upper;
}

/** The median of the ratios of each round: what disturbs one round disturbs both of its sides. */
export function medianRatio(ours: readonly number[], plain: readonly number[]): number {
  return median(ours.map((value, round) => value / (plain[round] ?? Number.NaN)));
}

/** Seconds that some work took. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
