import { InvalidArgumentError, Option } from "commander";
import type { CliDeps } from "./deps.ts";

/** A place in the log, a position or a moment, and how it was given. */
export type Place = { text: string } & ({ position: number } | { time: Date });

const unitsMs = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `2026-11-22`, `2026-11-22T10:00:00Z`, or `30m`, `2h`, `7d` ago. */
export function timeParser({ clock }: Pick<CliDeps, "clock">) {
  return (text: string): Date => {
    const ago = /^(\d+)([mhd])$/.exec(text);
    if (ago) return new Date(clock().getTime() - Number(ago[1]) * unitsMs[ago[2] as keyof typeof unitsMs]);
    const time = /^\d{4}-\d{2}/.test(text) ? new Date(text) : new Date(Number.NaN);
    if (Number.isNaN(time.getTime()))
      throw new InvalidArgumentError("Give a time such as 2026-11-22, 2026-11-22T10:00:00Z or 2h (ago).");
    return time;
  };
}

export function placeParser(deps: Pick<CliDeps, "clock">) {
  const time = timeParser(deps);
  return (text: string): Place => (/^\d+$/.test(text) ? { text, position: Number(text) } : { text, time: time(text) });
}

export const collect = (value: string, before: string[] = []): string[] => [...before, value];

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("Give a whole number from 1.");
  return value;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("Give a number above 0.");
  return value;
}

/** For `nameOfAccount`. */
export const accountOption = () => new Option("--account <name>", "which one, where there are several");
export const dryRunOption = () => new Option("--dry-run", "only say what would be done");
export const jsonOption = () => new Option("--json", "print JSON");
export const personalOption = () => new Option("--personal", "show personal data whole instead of masked");
/** Slow enough for the vendors' budgets, which handlers may ask from. */
export const rateOption = () =>
  new Option("--rate <per second>", "how many come back per second").argParser(positiveNumber).default(10);
