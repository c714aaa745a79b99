const gap = "  ";

/**
 * Columns as wide as their content, without trailing blanks. A line longer than `width` is cut there; the last column is
 * the one that may be long. Line breaks and other control characters in cells become blanks: they could fake lines.
 */
export function table(header: readonly string[], rows: readonly (readonly string[])[], width?: number): string {
  const lines = [header, ...rows].map((row) => row.map(oneLine));
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => fit(line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(gap), width))
    .join("\n");
}

export function fit(line: string, width: number | undefined): string {
  const trimmed = line.trimEnd();
  return width === undefined || trimmed.length <= width ? trimmed : `${trimmed.slice(0, Math.max(0, width - 1))}…`;
}

export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

/** `2026-11-22 10:00:00Z`. */
export function shortTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace("T", " ")}Z`;
}
