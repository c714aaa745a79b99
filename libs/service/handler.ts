import type { EventType, Intent, LogEvent, NewEvent } from "@callbridge/events";

type OmitEach<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An event that a handler decided on; the runtime adds its source and, when absent, its time. */
export type Fact = OmitEach<NewEvent, "source" | "time"> & { time?: string };

/** Look at the event again at `at`. A later wake under the same key replaces an earlier one. */
export type Wake = { key: string; at: Date };

/** What a handler wants. Everything is optional: doing nothing is the most frequent decision. */
export type Decision = { append?: Fact[]; intend?: Intent[]; wake?: Wake[] };

export type Context = {
  now: Date;
  /** Ends when the service drains: long work should stop and throw. */
  signal: AbortSignal;
  /** Reads once per event: a decision that has to be made again because the subject moved on does not ask the vendor again. */
  once: <T>(name: string, read: () => Promise<T>) => Promise<T>;
  /** Keyed hash (hex) of a text, for keys and names that must not show what they stand for. */
  hash: (text: string) => string;
};

/**
 * One reaction to events: `(event, state) → decision`. Pure but for reads and for the work it holds a lease on: it never
 * acks, publishes, retries, or writes to a vendor. It may run again for the same event, so "already done" is a branch.
 */
export type Handler<State> = {
  /** Unique within its service; part of wake keys and log lines. */
  name: string;
  on: readonly EventType[];
  /** Folds the union of the event's linked streams, in order of position. */
  fold: (events: LogEvent[]) => State;
  decide: (event: LogEvent, state: State, context: Context) => Decision | Promise<Decision>;
  /**
   * The lease to hold while deciding, for work that must not run twice at once (a download, a transcription).
   * Undefined: none needed. It is renewed while `decide` runs and taken over when its owner dies.
   */
  lease?: (event: LogEvent, state: State) => string | undefined;
};

/** Lets handlers of different states stand in one list. */
// biome-ignore lint/suspicious/noExplicitAny: the state type is private to each handler and the runtime never looks at it
export type AnyHandler = Handler<any>;
