import type { CallDirection } from "@callbridge/events";

const directions = new Map<string, CallDirection>([
  ...(["incoming", "inbound", "in"] as const).map((word) => [word, "inbound"] as const),
  ...(["outgoing", "outbound", "out"] as const).map((word) => [word, "outbound"] as const),
  ["internal", "internal"],
]);

export function directionNamed(word: string | undefined): CallDirection | undefined {
  return directions.get((word ?? "").toLowerCase());
}

/** Stands where a number would be when the caller hides it. Not "unknown", which templates print for anything absent. */
export function isHiddenNumber(value: unknown): boolean {
  return typeof value === "string" && /^(anonymous|withheld|private|restricted|hidden|blocked)$/i.test(value.trim());
}
