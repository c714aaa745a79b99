import { type Figure, isMet, type Measured } from "./benchmark.ts";

/** The figures for people, one line each. */
export function table(results: Record<string, Measured>): string {
  const head = ["benchmark", "figure", "value", "target", "met", "from"];
  const rows = Object.entries(results).flatMap(([name, measured]) =>
    "figures" in measured
      ? measured.figures.map((figure) => [name, ...line(figure)])
      : [[name, "not measured", "", "", "", measured.notMeasured]],
  );
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, widths.map((width) => "-".repeat(width)), ...rows]
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function line(figure: Figure): string[] {
  const { name, value, unit, from, target } = figure;
  const met = isMet(figure);
  const wanted = target && ("atLeast" in target ? `>= ${target.atLeast}` : `< ${target.below}`);
  const origin = Object.entries(from).map(([part, amount]) => `${part} ${digits(amount)}`);
  const shown = unit === "ratio" ? value.toFixed(2) : `${digits(value)} ${unit}`;
  return [name, shown, wanted ?? "", met === undefined ? "" : met ? "yes" : "NO", origin.join(", ")];
}

const digits = (value: number) =>
  value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : value < 1000 ? 1 : 0 });
