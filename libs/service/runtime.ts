import type { Alarms } from "@callbridge/bus";
import type { EventLog, Keyring } from "@callbridge/event-log";
import type { Logger } from "pino";

/** What every reaction works with. Time comes from `clock` only. */
export type Runtime = {
  service: string;
  log: EventLog;
  keyring: Keyring;
  clock: () => Date;
  /** How it waits; the system's timers when absent. */
  alarms?: Alarms | undefined;
  logger: Logger;
  /** Ends when the service drains. */
  signal: AbortSignal;
  /** Tells the service's own timers that a row was written. */
  look: () => void;
};
