import { pino } from "pino";

/** Structured lines on stdout. Callers pass ids, types and reasons only: never names, numbers, texts, links or secrets. */
export function createLogger(level: string) {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
}
