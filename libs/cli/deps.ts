import type { EventLog, Keyring } from "@callbridge/event-log";
import type { Environment, InstallationConfig, Service } from "@callbridge/service";

export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** What the command line works with. The executable gives the process's own; tests give theirs. */
export type CliDeps = {
  environment: Environment;
  /** What was asked for. */
  stdout: Output;
  /** Talk and progress. */
  stderr: Output;
  clock: () => Date;
  /** Ends `--follow` and long work, between two of its steps. */
  signal: AbortSignal;
  /** The services of this build, composed and not started: their handlers are looked at and asked what they would do. */
  services: (
    config: InstallationConfig,
    base: { log: EventLog; keyring: Keyring; clock: () => Date },
  ) => Promise<Service[]>;
};
