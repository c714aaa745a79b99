import { once } from "node:events";
import type { CliDeps, Output } from "./deps.ts";

export function print({ stdout }: Pick<CliDeps, "stdout">, text: string): void {
  stdout.write(`${text}\n`);
}

export function printJson({ stdout }: Pick<CliDeps, "stdout">, value: unknown): void {
  stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Says something beside the output, on stderr. */
export function say({ stderr }: Pick<CliDeps, "stderr">, text: string): void {
  stderr.write(`${text}\n`);
}

/** Writes no faster than the other side reads, so that memory stays the same however much is written. */
export async function writeFully(output: Output, text: string): Promise<void> {
  if (!output.writable) throw new OutputClosed("nobody reads the output any more");
  if (!output.write(text)) await once(output, "drain");
}

/** `callbridge events list | head`: whoever read has enough, which is no failure. */
class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

export function isOutputClosed(error: unknown): boolean {
  return error instanceof OutputClosed || (error instanceof Error && "code" in error && error.code === "EPIPE");
}

/** `1 event`, `2 events`, `12,345 events`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** For people: a minute more or less does not matter. */
export function duration(seconds: number): string {
  if (seconds < 120) return `about ${Math.ceil(seconds)} s`;
  return seconds < 7_200 ? `about ${Math.round(seconds / 60)} min` : `about ${Math.round(seconds / 3_600)} h`;
}
