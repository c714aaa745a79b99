import type { DeadCount, DeadFilter, DeadLetter, EventLog } from "@callbridge/event-log";
import { type Command, Option } from "commander";
import { badEndRows, redriveWrites } from "./dead-writes.ts";
import type { CliDeps } from "./deps.ts";
import { CliError, UsageError } from "./errors.ts";
import { toCloudEvent } from "./event-format.ts";
import { withLog } from "./open-log.ts";
import {
  collect,
  dryRunOption,
  jsonOption,
  personalOption,
  positiveInteger,
  rateOption,
  timeParser,
} from "./options.ts";
import { duration, plural, print, printJson, say } from "./output.ts";
import { startProgress } from "./progress.ts";
import { shortTime, table } from "./table.ts";

const limitByDefault = 50;
/** Brought back in one statement. */
const pageSize = 500;

type FilterOptions = { service?: string; type?: string[]; since?: Date; until?: Date; error?: string };
export type RedriveOptions = FilterOptions & {
  limit?: number;
  rate: number;
  all?: true;
  effects?: true;
  acceptDouble?: true;
  dryRun?: true;
  json?: true;
};

export function registerDead(program: Command, deps: CliDeps): void {
  const dead = program
    .command("dead")
    .description("what was given up: events a service could not handle, and writes that ended badly");
  addFilter(dead.command("list", { isDefault: true }), deps)
    .description("dead letters, then the writes to vendors that were refused for good or whose end nobody knows")
    .addOption(
      new Option("--limit <count>", "how many of each at most").argParser(positiveInteger).default(limitByDefault),
    )
    .addOption(jsonOption())
    .action((options: FilterOptions & { limit: number; json?: true }) =>
      withLog(deps, ({ log }) => list(deps, log, options)),
    );
  dead
    .command("show <id>")
    .description("one of them with its event; the beginning of the id is enough")
    .addOption(personalOption())
    .addOption(jsonOption())
    .action((id: string, options: ShowOptions) => withLog(deps, ({ log }) => show(deps, log, id, options)));
  addFilter(dead.command("redrive [ids...]"), deps)
    .description(
      "bring dead letters back: the running services handle them again, one after the other, with all attempts before them",
    )
    .option("--all", "all there are, when nothing else narrows them")
    .addOption(new Option("--limit <count>", "only the first ones").argParser(positiveInteger))
    .addOption(rateOption())
    .option("--effects", "instead of dead letters, intend anew the writes that ended badly")
    .option("--accept-double", "with --effects: also those that may have happened, at the price of doing them twice")
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .action((ids: string[], options: RedriveOptions) => {
      const filter = { ...filterOf(options), ids };
      const narrows = ids.length > 0 || Object.values(filterOf(options)).some((value) => value !== undefined);
      if (!narrows && !options.all)
        throw new UsageError("Say which: ids, --service, --type, --since, --error …, or --all.");
      if (options.acceptDouble && !options.effects) throw new UsageError("--accept-double belongs to --effects.");
      return withLog(deps, ({ log }) => (options.effects ? redriveWrites : redrive)(deps, log, filter, options));
    });
}

function addFilter(command: Command, deps: CliDeps): Command {
  const time = timeParser(deps);
  return command
    .option("--service <name>", "only of this service")
    .addOption(new Option("--type <type>", "only for events of this type (repeatable)").argParser(collect))
    .addOption(
      new Option("--since <time>", "only those that died at this time or later (or 2h, 7d ago)").argParser(time),
    )
    .addOption(new Option("--until <time>", "only those that died before").argParser(time))
    .option("--error <text>", "only those whose reason contains this");
}

function filterOf({ service, type, since, until, error }: FilterOptions): DeadFilter {
  return { consumer: service, types: type, since, until, error };
}

async function list(
  deps: CliDeps,
  log: EventLog,
  options: FilterOptions & { limit: number; json?: true },
): Promise<void> {
  const filter = filterOf(options);
  const counts = await log.countDead(filter);
  const letters = await log.deadLetters(filter, undefined, options.limit);
  const writes = await log.badEnds(filter, 0, options.limit + 1);
  if (options.json) return printJson(deps, { counts, deadLetters: letters, writes: writes.slice(0, options.limit) });
  const total = sum(counts);
  print(deps, total === 0 ? "No dead letters." : `Dead letters: ${total}`);
  if (total > 0) {
    const rows = letters.map((letter) => [
      ...[letter.id, letter.consumer, handlerOf(letter), letter.type ?? "(no event)", String(letter.position)],
      ...[String(letter.attempt), shortTime(letter.diedAt), letter.because],
    ]);
    const header = ["id", "service", "handler", "event", "position", "attempts", "died", "because"];
    print(deps, table(header, rows, deps.stdout.columns));
  }
  print(deps, "");
  print(deps, writes.length === 0 ? "No writes that ended badly." : "Writes that ended badly:");
  if (writes.length > 0) print(deps, badEndRows(writes.slice(0, options.limit), deps.stdout.columns));
  if (total > letters.length || writes.length > options.limit) say(deps, `--limit shows more than ${options.limit}.`);
}

type ShowOptions = { personal?: true; json?: true };

async function show(deps: CliDeps, log: EventLog, id: string, options: ShowOptions): Promise<void> {
  const [letter, otherLetter] = await log.deadLetters({ ids: [id] }, undefined, 2);
  const [write, otherWrite] = await log.badEnds({ ids: [id] }, 0, 2);
  if (otherLetter || otherWrite || (letter && write))
    throw new CliError(`More than one id begins with ${id}: give more of it.`);
  const found = letter ?? write;
  if (!found) throw new CliError(`Nothing dead has the id ${id} (any more). \`callbridge dead list\` shows what has.`);
  const event = await log.find(String(found.position));
  const shown = event && toCloudEvent(event, { personal: options.personal === true });
  if (options.json) return printJson(deps, { ...found, event: shown });
  const facts = Object.entries(found).map(([name, value]) => [
    name,
    value instanceof Date ? shortTime(value) : String(value ?? ""),
  ]);
  print(deps, table(["", ""], facts).trimStart());
  printJson(deps, shown ?? "The log has no such event.");
}

async function redrive(deps: CliDeps, log: EventLog, filter: DeadFilter, options: RedriveOptions): Promise<void> {
  const counts = await log.countDead(filter);
  const total = Math.min(sum(counts), options.limit ?? Number.MAX_SAFE_INTEGER);
  if (total === 0 && filter.ids?.length) throw new CliError("No dead letter has such an id (any more).");
  const seconds = total / options.rate;
  if (!options.json) {
    const rows = counts.map(({ consumer, handler, type, count }) => [
      consumer,
      handler,
      type ?? "(no event)",
      String(count),
    ]);
    if (rows.length > 0) print(deps, table(["service", "handler", "event", "count"], rows, deps.stdout.columns));
    print(deps, `${plural(total, "dead letter")} to redrive, ${options.rate} per second: ${duration(seconds)}.`);
  }
  const revived = options.dryRun ? 0 : await reviveAll(deps, log, filter, total, options.rate);
  if (options.json)
    return printJson(deps, { dryRun: options.dryRun === true, counts, total, seconds, redriven: revived });
  print(deps, options.dryRun ? "Nothing was changed (--dry-run)." : `${plural(revived, "dead letter")} redriven.`);
}

/** In order of position, each once: one that dies again meanwhile stays dead. */
async function reviveAll(
  deps: CliDeps,
  log: EventLog,
  filter: DeadFilter,
  total: number,
  rate: number,
): Promise<number> {
  const startMs = deps.clock().getTime();
  const progress = startProgress(deps, total, "dead letters");
  let revived = 0;
  let seen = 0;
  let last: DeadLetter | undefined;
  while (seen < total) {
    if (deps.signal.aborted)
      throw new CliError(`Interrupted after ${revived}: the same command goes on with the rest.`);
    const page = await log.deadLetters(filter, last, Math.min(pageSize, total - seen));
    if (page.length === 0) break;
    const entries = page.map(({ consumer, key }, index) => {
      return { consumer, key, at: new Date(startMs + ((seen + index) * 1000) / rate) };
    });
    revived += await log.reviveDead(entries, deps.clock());
    seen += page.length;
    last = page.at(-1);
    progress.add(page.length);
  }
  progress.stop();
  return revived;
}

const sum = (counts: readonly DeadCount[]) => counts.reduce((total, { count }) => total + count, 0);
const handlerOf = ({ key }: DeadLetter) => key.split("/")[0] ?? key;
