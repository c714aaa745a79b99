import { once } from "node:events";
import type { EventLog, EventQuery, StoredEvent } from "@callbridge/event-log";
import { type Command, Option } from "commander";
import type { CliDeps } from "./deps.ts";
import { CliError } from "./errors.ts";
import { addSelection, filterOf, type SelectionOptions } from "./event-filter.ts";
import {
  csvHeader,
  type EventFormat,
  eventFormats,
  tableHeader,
  toCloudEvent,
  toCsv,
  toNdjson,
  toTableLine,
} from "./event-format.ts";
import { registerExport } from "./export.ts";
import { withLog } from "./open-log.ts";
import { jsonOption, personalOption, positiveInteger } from "./options.ts";
import { print, printJson, say, writeFully } from "./output.ts";

/** A screenful. */
const limitByDefault = 50;
const pageSize = 500;
/** A notification may get lost with its connection; then the next event is seen this much later. */
const followPollMs = 2_000;

type ListOptions = SelectionOptions & {
  limit: number;
  follow?: true;
  format: EventFormat;
  json?: true;
  personal?: true;
};

export function registerEvents(program: Command, deps: CliDeps): void {
  const events = program.command("events").description("list, follow, show and export events");
  addSelection(events.command("list", { isDefault: true }), deps)
    .description("the last events of a selection, oldest first; personal data is masked")
    .option("--correlation <id>", "only what one delivery caused")
    .addOption(new Option("--limit <count>", "how many at most").argParser(positiveInteger).default(limitByDefault))
    .option("-f, --follow", "go on with new events until interrupted")
    .addOption(new Option("--format <format>", "how to print them").choices(eventFormats).default("table"))
    .addOption(jsonOption())
    .addOption(personalOption())
    .action((options: ListOptions) => withLog(deps, ({ log }) => list(deps, log, options)));
  events
    .command("show <event>")
    .description("one event, by position or id")
    .addOption(personalOption())
    .addOption(jsonOption().hideHelp())
    .action((name: string, options: { personal?: true }) => withLog(deps, ({ log }) => show(deps, log, name, options)));
  registerExport(events, deps);
}

async function show(deps: CliDeps, log: EventLog, name: string, options: { personal?: true }): Promise<void> {
  const event = await log.find(name);
  if (!event)
    throw new CliError(`The log has no event ${name}. Give a position or a whole id; \`events list\` shows both.`);
  printJson(deps, toCloudEvent(event, { personal: options.personal === true }));
}

async function list(deps: CliDeps, log: EventLog, options: ListOptions): Promise<void> {
  const query = await log.query(filterOf(options));
  const format = options.json ? "json" : options.format;
  const shown = { personal: options.personal === true };
  const head = await log.lastPosition();
  // One more than is shown tells whether there are more.
  const found = await query.last(options.limit + 1);
  const events = found.slice(-options.limit);
  if (format === "json" && !options.follow) {
    return printJson(
      deps,
      events.map((event) => toCloudEvent(event, shown)),
    );
  }
  const text = (page: StoredEvent[]) => {
    if (format === "csv") return toCsv(page, shown);
    if (format !== "table") return toNdjson(page, shown);
    return page.map((event) => `${toTableLine(event, shown, deps.stdout.columns)}\n`).join("");
  };
  if (format === "csv") deps.stdout.write(csvHeader);
  if (format === "table" && (events.length > 0 || options.follow)) print(deps, tableHeader);
  await writeFully(deps.stdout, text(events));
  if (options.follow) return follow(deps, log, query, Math.max(head, events.at(-1)?.position ?? 0), text);
  if (events.length === 0) say(deps, "No event matches.");
  if (found.length > events.length)
    say(deps, `These are the last ${options.limit}; --limit shows more, \`events export\` all.`);
}

/** Ends when interrupted. */
async function follow(
  deps: CliDeps,
  log: EventLog,
  query: EventQuery,
  start: number,
  text: (page: StoredEvent[]) => string,
): Promise<void> {
  const bell = new EventTarget();
  let rung = false;
  const listener = log.listen(() => {
    rung = true;
    bell.dispatchEvent(new Event("ring"));
  });
  try {
    for (let cursor = start; !deps.signal.aborted; ) {
      rung = false;
      const head = await log.lastPosition();
      const page = await query.after(cursor, pageSize);
      await writeFully(deps.stdout, text(page));
      const isAll = page.length < pageSize;
      cursor = Math.max(cursor, page.at(-1)?.position ?? 0, isAll ? head : 0);
      if (!isAll || rung) continue;
      const signal = AbortSignal.any([deps.signal, AbortSignal.timeout(followPollMs)]);
      await once(bell, "ring", { signal }).catch(() => undefined);
    }
  } finally {
    await listener.close();
  }
}
