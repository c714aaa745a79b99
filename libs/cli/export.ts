import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { EventLog, EventQuery } from "@callbridge/event-log";
import { type Command, Option } from "commander";
import type { CliDeps } from "./deps.ts";
import { CliError } from "./errors.ts";
import { addSelection, filterOf, type SelectionOptions } from "./event-filter.ts";
import { csvHeader, toCsv, toNdjson } from "./event-format.ts";
import { withLog } from "./open-log.ts";
import { personalOption } from "./options.ts";
import { plural, say } from "./output.ts";
import { startProgress } from "./progress.ts";

/** Large enough that round trips do not count, small enough that two pages are a few megabytes. */
const pageSize = 2_000;

type ExportOptions = SelectionOptions & { format: "ndjson" | "csv"; out?: string; personal?: true };

export function registerExport(events: Command, deps: CliDeps): void {
  addSelection(events.command("export"), deps)
    .description("all events of a selection as they are now, to stdout or into a file; personal data is masked")
    .option("--correlation <id>", "only what one delivery caused")
    .addOption(
      new Option("--format <format>", "NDJSON of CloudEvents, or CSV").choices(["ndjson", "csv"]).default("ndjson"),
    )
    .option("--out <file>", "the file; it appears when it is complete")
    .addOption(personalOption())
    .action((options: ExportOptions) => withLog(deps, ({ log }) => exportEvents(deps, log, options)));
}

async function exportEvents(deps: CliDeps, log: EventLog, options: ExportOptions): Promise<void> {
  const filter = filterOf(options);
  // Events that come while we write would make it endless.
  const toPosition = Math.min(filter.toPosition ?? Number.MAX_SAFE_INTEGER, await log.lastPosition());
  const query = await log.query({ ...filter, toPosition });
  const total = (await query.count()).reduce((sum, { count }) => sum + count, 0);
  const progress = startProgress(deps, total, "events");
  try {
    const texts = pages(deps, query, options, progress.add);
    if (options.out === undefined) await pipeline(texts, deps.stdout, { end: false });
    else await writeFile(options.out, texts);
  } finally {
    progress.stop();
  }
  say(deps, `${plural(total, "event")} exported${options.out ? ` to ${options.out}` : ""}.`);
}

/** The next page is on its way while one is formatted and written; no more than the two are ever in memory. */
async function* pages(
  deps: CliDeps,
  query: EventQuery,
  { format, personal }: ExportOptions,
  wrote: (count: number) => void,
): AsyncGenerator<string> {
  const shown = { personal: personal === true };
  if (format === "csv") yield csvHeader;
  let reading = query.after(0, pageSize);
  for (;;) {
    const page = await reading;
    if (deps.signal.aborted) throw new CliError("Interrupted: the export is not complete.");
    const last = page.at(-1);
    if (!last) return;
    reading = page.length < pageSize ? Promise.resolve([]) : query.after(last.position, pageSize);
    // It is awaited in the next round; until then a failure must not count as nobody's.
    reading.catch(() => undefined);
    yield format === "csv" ? toCsv(page, shown) : toNdjson(page, shown);
    wrote(page.length);
  }
}

/** Written beside its place and moved there when it is whole: whoever finds the file has all of it. */
async function writeFile(file: string, texts: AsyncIterable<string>): Promise<void> {
  const part = `${file}.part`;
  try {
    await pipeline(texts, createWriteStream(part, { mode: 0o600 }));
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true });
    if (cause instanceof CliError) throw cause;
    throw new CliError(`${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
