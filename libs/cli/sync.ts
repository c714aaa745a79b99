import { type EventLog, newId } from "@callbridge/event-log";
import { type LogEvent, stream } from "@callbridge/events";
import { type Command, Option } from "commander";
import { nameOfAccount } from "./account.ts";
import type { CliDeps } from "./deps.ts";
import { CliError } from "./errors.ts";
import { aMoment, appendFacts, eventsOfAccount } from "./facts.ts";
import { type ImportState, importsIn, inWords, planInWords, statusInWords, sweepsIn } from "./import-words.ts";
import { withLog } from "./open-log.ts";
import { accountOption, dryRunOption, jsonOption, positiveInteger } from "./options.ts";
import { print, printJson, say } from "./output.ts";
import { type Progress, startProgress } from "./progress.ts";

type ImportOptions = { from: "ghl" | "cloudtalk"; atOnce: number; account?: string; dryRun?: true; json?: true };
type StatusOptions = { account?: string; json?: true };

const dayMs = 24 * 3_600_000;

export function registerSync(program: Command, deps: CliDeps): void {
  const sync = program.command("sync").description("contacts of both sides: bring them over, see how far they are");
  sync
    .command("import")
    .description("find or make a counterpart for every contact of one side; goes on where it was interrupted")
    .addOption(new Option("--from <side>", "whose contacts").choices(["ghl", "cloudtalk"]).makeOptionMandatory())
    .option("--at-once <number>", "contacts under way at the same time", positiveInteger, 10)
    .addOption(accountOption())
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .action((options: ImportOptions) => bringOver(deps, options));
  sync
    .command("status")
    .description("the last sweep, how late it is, how long once around all contacts takes, and the imports")
    .addOption(accountOption())
    .addOption(jsonOption())
    .action((options: StatusOptions) => status(deps, options));
}

/** The work is the running contact-sync's: this asks for it in the log, or finds it under way, and follows. */
async function bringOver(deps: CliDeps, options: ImportOptions): Promise<void> {
  await withLog(deps, async ({ log, config }) => {
    const account = nameOfAccount(options.account, config);
    const running = importsIn(await eventsOfAccount(log, account)).findLast(
      ({ request, finished }) => !finished && request.data.from === options.from && !request.data.dryRun,
    );
    if (running && !options.dryRun) say(deps, "An import is under way already: this follows it.");
    const key = running && !options.dryRun ? running.request.key : await ask(deps, log, account, options);
    const end = await follow(deps, log, account, key, options);
    if (options.json) printJson(deps, { planned: end.planned, tally: end.finished });
    else print(deps, inWords(end));
  });
}

async function ask(deps: CliDeps, log: EventLog, account: string, options: ImportOptions): Promise<string> {
  const key = `import:${newId()}`;
  const { from, atOnce, dryRun = false } = options;
  const data = { from, dryRun, atOnce };
  await appendFacts(log, deps.clock(), { account, correlationId: key }, [
    { type: "sync.import_requested", stream: stream.account(account), key: { fact: key }, data, personal: {} },
  ]);
  if (!options.json) say(deps, "Asked for it. The running contact-sync reads the lists of both sides.");
  return key;
}

async function follow(deps: CliDeps, log: EventLog, account: string, key: string, options: ImportOptions) {
  let progress: Progress | undefined;
  let shown = 0;
  try {
    for (;;) {
      const state = importsIn(await eventsOfAccount(log, account)).find(({ request }) => request.key === key);
      if (state?.planned && !progress && !options.json) {
        say(deps, planInWords(state.planned));
        progress = startProgress(deps, state.planned.expected.found, "contacts");
      }
      const done = (state?.finished ?? state?.tally)?.found ?? 0;
      progress?.add(done - shown);
      shown = done;
      if (state?.finished) return { ...state, finished: state.finished } satisfies ImportState;
      if (deps.signal.aborted) {
        throw new CliError(
          "The import goes on in the running contact-sync; `callbridge sync status` tells how far it is.",
        );
      }
      await aMoment(deps);
    }
  } finally {
    progress?.stop();
  }
}

async function status(deps: CliDeps, { account: named, json }: StatusOptions): Promise<void> {
  await withLog(deps, async ({ log, config }) => {
    const account = nameOfAccount(named, config);
    const now = deps.clock();
    const days = [new Date(now.getTime() - dayMs), now].map((day) => day.toISOString().slice(0, 10));
    const swept: LogEvent[] = [];
    for (const day of days) swept.push(...(await log.stream(account, stream.sweeps(day))).events);
    const sweeps = sweepsIn(swept, now);
    const imports = importsIn(await eventsOfAccount(log, account));
    if (!json) return print(deps, statusInWords(sweeps, imports));
    printJson(deps, {
      sweeps,
      imports: imports.map(({ request, planned, tally, finished }) => {
        const { from, dryRun } = request.data;
        return { from, dryRun, askedAt: request.recordedAt, planned, tally: finished ?? tally, isFinished: !!finished };
      }),
    });
  });
}
