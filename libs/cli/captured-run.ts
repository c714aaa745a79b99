import { Writable } from "node:stream";
import type { Service } from "@callbridge/service";
import { type FreshLog, until } from "@callbridge/testing";
import { runCommandLine } from "./program.ts";

type Run = { code: number; out: string; err: string; json: () => unknown };
export type Capture = {
  /** Runs one command line in this process, against the log. */
  run: (...words: string[]) => Promise<Run>;
  /** Runs one and interrupts it as soon as it says this on stderr. */
  runUntil: (said: string, ...words: string[]) => Promise<Run>;
  /** Starts one that goes on until it is interrupted. */
  start: (...words: string[]) => { printed: (text: string) => Promise<unknown>; interrupt: () => Promise<Run> };
};

/** The command line as a person sees it, with what it prints caught. For tests. */
export function capture(
  fresh: Pick<FreshLog, "url" | "dataKey">,
  options: {
    services?: readonly Service[];
    clock?: () => Date;
    environment?: Record<string, string>;
    /** Whether the output pretends to be a terminal. */
    isTerminal?: boolean;
  } = {},
): Capture {
  const { services = [], clock = () => new Date(), environment = {}, isTerminal = false } = options;
  const begin = (words: string[], signal: AbortSignal, hear: (text: string) => void = () => undefined) => {
    const [out, err] = [sink(), sink(hear)];
    const run = async (): Promise<Run> => {
      const code = await runCommandLine(words, {
        environment: { DATABASE_URL: fresh.url, DATA_KEY: fresh.dataKey, ...environment },
        stdout: Object.assign(out.stream, { isTTY: isTerminal }),
        stderr: err.stream,
        clock,
        signal,
        services: async () => [...services],
      });
      return { code, out: out.text(), err: err.text(), json: () => JSON.parse(out.text()) as unknown };
    };
    return { out, finished: run() };
  };
  return {
    run: (...words) => begin(words, new AbortController().signal).finished,
    runUntil: (said, ...words) => {
      const controller = new AbortController();
      return begin(words, controller.signal, (text) => text.includes(said) && controller.abort()).finished;
    },
    start: (...words) => {
      const controller = new AbortController();
      const { out, finished } = begin(words, controller.signal);
      return {
        printed: (text) => until(`it prints ${text}`, () => out.text().includes(text)),
        interrupt: async () => {
          controller.abort();
          return finished;
        },
      };
    },
  };
}

function sink(hear: (text: string) => void = () => undefined) {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk.toString());
      hear(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join("") };
}
