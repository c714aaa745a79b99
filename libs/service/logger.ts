import { VendorError, withoutPersonalData } from "@callbridge/vendor";
import { type DestinationStream, pino } from "pino";

/** Structured lines on stdout. Callers pass ids, types and reasons only: never names, numbers, texts, links or secrets. */
export function createLogger(level: string, destination: DestinationStream = output()) {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: describeError } };
  return pino(options, destination);
}

let stdout: DestinationStream | undefined;
const bufferBytes = 4_096;
const flushEveryMs = 100;
/** Lines are gathered for a moment and at the end of the process, because a write for each costs a webhook as much as reading it. */
function output(): DestinationStream {
  stdout ??= pino.destination({ dest: 1, sync: false, minLength: bufferBytes, periodicFlush: flushEveryMs });
  return stdout;
}

const causesMax = 4;

/** An allow-list: vendor errors carry bodies, database errors the offending row, parser errors the text they were given. */
function describeError(error: unknown, causes = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: withoutPersonalData(String(error)) };
  return {
    type: error.name,
    message: withoutPersonalData(error.message),
    stack: error.stack?.split("\n").filter((line) => line.startsWith("    at ")),
    ...("code" in error && { code: error.code }),
    ...(error instanceof VendorError && { status: error.status, consequence: error.consequence }),
    ...(error.cause !== undefined && causes < causesMax && { cause: describeError(error.cause, causes + 1) }),
  };
}
