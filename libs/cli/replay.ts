import { createHash } from "node:crypto";
import { type Bookmark, bookmarkEntry, type DueEntry, type EventFilter, type EventQuery } from "@callbridge/event-log";
import { type EventType, isEventType } from "@callbridge/events";
import type { AnyHandler, Service } from "@callbridge/service";
import { type Command, Option } from "commander";
import type { CliDeps } from "./deps.ts";
import { CliError } from "./errors.ts";
import { addSelection, filterOf, type SelectionOptions } from "./event-filter.ts";
import { type OpenLog, withLog } from "./open-log.ts";
import { collect, dryRunOption, jsonOption, rateOption } from "./options.ts";
import { duration, plural, print, printJson, say } from "./output.ts";
import { startProgress } from "./progress.ts";
import { predict } from "./replay-prediction.ts";
import { table } from "./table.ts";

/** Events whose rows are written in one statement: some thousand rows at most. */
const pageSize = 500;

type ReplayOptions = SelectionOptions & {
  consumer?: string[];
  rate: number;
  restart?: true;
  dryRun?: true;
  json?: true;
};

/** A handler of a service that listens to some of the selected events. */
export type Listener = { service: string; handler: AnyHandler };

export function registerReplay(program: Command, deps: CliDeps): void {
  addSelection(program.command("replay"), deps)
    .description(
      "let services react to past events as if they came again. What is done already is ignored, and no finished write " +
        "to a vendor is done again. Rows are written for the running services, which work them off at --rate; when " +
        "this command is interrupted, the same one goes on where it stopped.",
    )
    .addOption(
      new Option("--consumer <service>", "only this service (repeatable); else all that listen").argParser(collect),
    )
    .addOption(rateOption())
    .option("--restart", "begin again instead of going on where an interrupted run stopped")
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .action((options: ReplayOptions) => withLog(deps, (opened) => replay(deps, opened, options)));
}

async function replay(deps: CliDeps, opened: OpenLog, options: ReplayOptions): Promise<void> {
  const { log, keyring, config } = opened;
  const services = await deps.services(config, { log, keyring, clock: deps.clock });
  const { listeners, types } = choose(services, options);
  const selected = { ...filterOf(options), types };
  const name = nameOf(options);
  if (options.restart && !options.dryRun) await log.removeBookmarks(name);
  const bookmark = options.restart ? undefined : await log.bookmark(name);
  const filter = bookmark ? resumed(selected, bookmark) : await upToNow(selected, log);
  const query = await log.query(filter);
  const counts = await query.count();
  const events = counts.reduce((sum, { count }) => sum + count, 0);
  const plan = listeners.map(({ service, handler }) => ({
    service,
    handler: handler.name,
    events: counts.reduce((sum, { type, count }) => sum + (handler.on.includes(type as EventType) ? count : 0), 0),
  }));
  const seconds = events / options.rate;
  if (bookmark)
    say(deps, `Going on after position ${bookmark.position}, where an earlier run stopped (--restart begins again).`);
  if (!options.json) {
    const rows = plan.map((one) => [one.service, one.handler, String(one.events)]);
    print(deps, table(["service", "handler", "events"], rows, deps.stdout.columns));
    print(deps, `${plural(events, "event")} to replay, ${options.rate} per second: ${duration(seconds)}.`);
  }
  if (options.dryRun) {
    const predictions = await predict(deps, opened, query, events, listeners);
    if (options.json) return printJson(deps, { dryRun: true, events, seconds, plan, predictions: predictions.list });
    print(deps, predictions.text(deps.stdout.columns));
    return print(deps, "Nothing was changed (--dry-run).");
  }
  const upTo = filter.toPosition ?? 0;
  const rows = await schedule(deps, opened, query, { listeners, events, rate: options.rate, name, upTo, bookmark });
  await log.removeBookmarks(name);
  if (options.json) return printJson(deps, { dryRun: false, events, seconds, plan, scheduled: rows });
  print(deps, `${plural(rows, "reaction")} scheduled. \`callbridge streams status\` shows how many still wait.`);
}

type Schedule = {
  listeners: readonly Listener[];
  events: number;
  rate: number;
  name: string;
  upTo: number;
  bookmark: Bookmark | undefined;
};

/** Writes the rows page by page, each page together with how far it goes: an interruption loses and doubles nothing. */
async function schedule(deps: CliDeps, { log }: OpenLog, query: EventQuery, plan: Schedule): Promise<number> {
  const { listeners, events, rate, name, upTo, bookmark } = plan;
  const startMs = Math.max(deps.clock().getTime(), bookmark?.at.getTime() ?? 0);
  const progress = startProgress(deps, events, "events");
  let cursor = bookmark?.position ?? 0;
  let seen = 0;
  let rows = 0;
  for (;;) {
    if (deps.signal.aborted) {
      throw new CliError(`Interrupted after position ${cursor}: the same command goes on from there.`);
    }
    const page = await query.after(cursor, pageSize);
    const last = page.at(-1);
    if (!last) break;
    const timeOf = (index: number) => new Date(startMs + ((seen + index) * 1000) / rate);
    const entries = page.flatMap(({ position, type }, index): DueEntry[] =>
      listeners
        .filter(({ handler }) => handler.on.includes(type as EventType))
        .map(({ service, handler }) => ({
          ...{ consumer: service, key: `${handler.name}/replay:${position}`, position },
          ...{ at: timeOf(index), attempt: 0, because: "replay" },
        })),
    );
    const mark = bookmarkEntry({ name: `${name}${upTo}`, position: last.position, at: timeOf(page.length) });
    await log.putDue(deps.clock(), [...entries, mark]);
    cursor = last.position;
    seen += page.length;
    rows += entries.length;
    progress.add(page.length);
  }
  progress.stop();
  return rows;
}

/** The handlers that would react, and the types they would react to. Throws when there are none. */
function choose(services: readonly Service[], { consumer, type }: ReplayOptions) {
  const names = services.map(({ name }) => name);
  for (const name of consumer ?? []) {
    if (!names.includes(name)) throw new CliError(`There is no service ${name}. There are: ${names.join(", ")}.`);
  }
  for (const name of type ?? []) {
    if (!isEventType(name)) throw new CliError(`There is no event type ${name}.`);
  }
  const chosen = services.filter(({ name }) => consumer === undefined || consumer.includes(name));
  const all = chosen.flatMap(({ name, handlers }) => handlers.map((handler) => ({ service: name, handler })));
  const listens = (handler: AnyHandler) => type === undefined || handler.on.some((one) => type.includes(one));
  const listeners = all.filter(({ handler }) => listens(handler));
  if (listeners.length === 0) {
    const heard = [...new Set(all.flatMap(({ handler }) => handler.on))].sort();
    throw new CliError(`Nobody reacts to ${type?.join(", ")}. What is reacted to: ${heard.join(", ")}.`);
  }
  const heard = new Set(listeners.flatMap(({ handler }) => handler.on));
  return { listeners, types: [...heard].filter((one) => type === undefined || type.includes(one)) };
}

/** The same words name the same replay, so that an interrupted one can be found again. */
function nameOf({ consumer = [], type = [], stream, account, from, to }: ReplayOptions): string {
  const words = JSON.stringify([[...consumer].sort(), [...type].sort(), stream, account, from?.text, to?.text]);
  return `replay/${createHash("sha256").update(words).digest("hex").slice(0, 16)}/`;
}

/** Without what the replay itself brings about. */
async function upToNow(filter: EventFilter, log: OpenLog["log"]): Promise<EventFilter> {
  const last = await log.lastPosition();
  return { ...filter, toPosition: Math.min(filter.toPosition ?? last, last) };
}

/** What is left of an interrupted replay: its end is part of the bookmark's name. */
function resumed(filter: EventFilter, { name, position }: Bookmark): EventFilter {
  return {
    ...filter,
    from: undefined,
    fromPosition: Math.max(filter.fromPosition ?? 0, position + 1),
    toPosition: Number(name.split("/").at(-1)),
  };
}
