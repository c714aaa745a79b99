import { type EventLog, newId } from "@callbridge/event-log";
import { type EventData, isEvent, stream } from "@callbridge/events";
import type { Command } from "commander";
import { nameOfAccount } from "./account.ts";
import type { CliDeps } from "./deps.ts";
import { CliError, UsageError } from "./errors.ts";
import { aMoment, appendFacts, eventsOfAccount } from "./facts.ts";
import { withLog } from "./open-log.ts";
import { accountOption, dryRunOption, jsonOption, timeParser } from "./options.ts";
import { print, printJson, say } from "./output.ts";

type Certificate = EventData<"reconcile.certified">;
type Options = { from: Date; to: Date; account?: string; limit: number; dryRun?: true; json?: true };

const minuteMs = 60_000;

export function registerReconcile(program: Command, deps: CliDeps): void {
  const time = timeParser(deps);
  program
    .command("reconcile")
    .description(
      "compare the call history with the log and the CRM; report what no webhook reported; certify the window",
    )
    .requiredOption("--from <time>", "calls that ended from here, such as 2026-11-22 or 2d", time)
    .option("--to <time>", "to here", time, deps.clock())
    .addOption(accountOption())
    .option("--limit <minutes>", "how long to wait for the certificate", Number, 40)
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .action((options: Options) => reconcile(deps, options));
}

/** The work is the running contact-sync's: this asks for it in the log and waits for the certificate. */
async function reconcile(deps: CliDeps, { from, to, limit, dryRun, json, account: named }: Options): Promise<void> {
  if (from >= to) throw new UsageError("--from must be before --to.");
  await withLog(deps, async ({ log, config }) => {
    const account = nameOfAccount(named, config);
    const asked = `reconcile:asked:${newId()}`;
    const now = deps.clock();
    const data = { from: from.toISOString(), to: to.toISOString(), dryRun: dryRun === true };
    await appendFacts(log, now, { account, correlationId: asked }, [
      { type: "reconcile.requested", stream: stream.account(account), key: { fact: asked }, data, personal: {} },
    ]);
    if (!json)
      say(deps, "Asked for it. The running contact-sync compares; what is recovered is written before it certifies.");
    const certificate = await certificateOf(deps, log, account, asked, now.getTime() + limit * minuteMs);
    if (json) return printJson(deps, certificate);
    print(deps, inWords(certificate, dryRun === true));
  });
}

async function certificateOf(
  deps: CliDeps,
  log: EventLog,
  account: string,
  asked: string,
  endMs: number,
): Promise<Certificate> {
  for (;;) {
    for (const event of await eventsOfAccount(log, account)) {
      if (isEvent(event, "reconcile.certified") && event.key.endsWith(asked)) return event.data;
    }
    if (deps.signal.aborted || deps.clock().getTime() > endMs) {
      throw new CliError(
        "There is no certificate yet. It will be in the log (`callbridge events list --type reconcile.certified`) when contact-sync runs and has what it needs.",
      );
    }
    await aMoment(deps);
  }
}

function inWords(
  { from, to, cloudtalk, log, crm, recovered, reasons, examples }: Certificate,
  dryRun: boolean,
): string {
  const gap = cloudtalk - crm;
  return [
    `Calls that ended from ${from} to ${to}:`,
    `  CloudTalk ${cloudtalk}   log ${log}   CRM ${crm}   recovered ${recovered}`,
    gap === 0 ? "Every call is in the CRM." : `${gap} not in the CRM:`,
    ...Object.entries(reasons).map(([because, count]) => `  ${count}  ${because}`),
    ...examples.map(({ callId, because }) => `  call ${callId}: ${because} (\`callbridge call ${callId}\` tells more)`),
    ...(dryRun ? ["Nothing was recovered (--dry-run)."] : []),
  ].join("\n");
}
