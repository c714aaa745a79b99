import { pino } from "pino";

/** Structured lines on stdout. Callers pass ids, types and reasons only: never names, numbers, texts, links or secrets. */
export function createLogger(service: string, level: string) {
  return pino({ name: service, level, base: { service }, timestamp: pino.stdTimeFunctions.isoTime });
}
