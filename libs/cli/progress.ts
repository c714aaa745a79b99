import { Presets, SingleBar } from "cli-progress";
import type { CliDeps } from "./deps.ts";

export type Progress = { add: (count: number) => void; stop: () => void };

/** Into a file or a log a line in this interval is enough. */
const lineMs = 5_000;

/** Shows on stderr how far a piece of work is: a bar on a terminal, a line now and then elsewhere. */
export function startProgress(
  { stderr, clock }: Pick<CliDeps, "stderr" | "clock">,
  total: number,
  what: string,
): Progress {
  return stderr.isTTY ? bar(stderr, total, what) : lines(stderr, clock, total, what);
}

function bar(stream: NodeJS.WritableStream, total: number, what: string): Progress {
  const format = `{bar} {percentage} %  {value} of {total} ${what}  {eta_formatted} left`;
  const shown = new SingleBar({ stream, format, hideCursor: true, clearOnComplete: true }, Presets.shades_classic);
  shown.start(total, 0);
  return { add: (count) => shown.increment(count), stop: () => shown.stop() };
}

function lines(stream: NodeJS.WritableStream, clock: () => Date, total: number, what: string): Progress {
  let done = 0;
  let saidMs = clock().getTime();
  return {
    add: (count) => {
      done += count;
      if (clock().getTime() - saidMs < lineMs) return;
      saidMs = clock().getTime();
      stream.write(`${done} of ${total} ${what}\n`);
    },
    stop: () => undefined,
  };
}
