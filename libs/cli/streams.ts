import type { EventLog } from "@callbridge/event-log";
import { deleteEventStream } from "@callbridge/service";
import type { Command } from "commander";
import type { CliDeps } from "./deps.ts";
import { CliError } from "./errors.ts";
import { withLog } from "./open-log.ts";
import { dryRunOption, jsonOption } from "./options.ts";
import { plural, print, printJson } from "./output.ts";
import { shortTime, table } from "./table.ts";

export function registerStreams(program: Command, deps: CliDeps): void {
  const streams = program.command("streams").description("how far each service is, and building the NATS stream anew");
  streams
    .command("status")
    .description("the mark of each service (all up to it is done, waiting or dead) and how far it is behind the log")
    .addOption(jsonOption())
    .action((options: { json?: true }) => withLog(deps, ({ log }) => status(deps, log, options)));
  streams
    .command("rebuild")
    .description("delete the NATS stream; the relay builds it again from the lowest mark, and what is done is ignored")
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .action((options: RebuildOptions) => rebuild(deps, options));
}

async function status(deps: CliDeps, log: EventLog, { json }: { json?: true }): Promise<void> {
  const [marks, due, last] = [await log.marks(), await log.countDue(), await log.lastPosition()];
  const names = [...new Set([...marks, ...due].map(({ consumer }) => consumer))].sort();
  const consumers = names.map((consumer) => {
    const mark = marks.find((one) => one.consumer === consumer);
    const { waiting = 0, dead = 0 } = due.find((one) => one.consumer === consumer) ?? {};
    const behind = mark && last - mark.position;
    return { consumer, mark: mark?.position, savedAt: mark?.savedAt, behind, waiting, dead };
  });
  if (json) return printJson(deps, { lastPosition: last, consumers });
  print(deps, `The log is at position ${last}.`);
  if (consumers.length === 0) return print(deps, "No service has been here yet.");
  const rows = consumers.map(({ consumer, mark, savedAt, behind, waiting, dead }) => [
    ...[consumer, String(mark ?? "none"), String(behind ?? ""), String(waiting), String(dead)],
    savedAt ? shortTime(savedAt) : "",
  ]);
  print(deps, table(["service", "mark", "behind", "waiting", "dead", "saved"], rows, deps.stdout.columns));
}

type RebuildOptions = { dryRun?: true; json?: true };

async function rebuild(deps: CliDeps, { dryRun, json }: RebuildOptions): Promise<void> {
  await withLog(deps, async ({ log, config }) => {
    const [marks, last, lowest] = [await log.marks(), await log.lastPosition(), await log.lowestMark()];
    const republished = last - lowest;
    const plan = { lastPosition: last, lowestMark: lowest, republished, marks };
    if (!config.NATS_URL) {
      if (json) return printJson(deps, { ...plan, dryRun: dryRun === true, deleted: false });
      return print(deps, "NATS_URL is not set: the embedded bus reads the log itself and has nothing to rebuild.");
    }
    if (!json) {
      const rows = marks.map(({ consumer, position, savedAt }) => [consumer, String(position), shortTime(savedAt)]);
      print(deps, table(["service", "mark", "saved"], rows, deps.stdout.columns));
      print(deps, `The stream is built again from position ${lowest + 1}: ${plural(republished, "event")} of ${last}.`);
    }
    const messages = dryRun ? undefined : await deleted(config);
    if (json) return printJson(deps, { ...plan, dryRun: dryRun === true, deleted: messages !== undefined, messages });
    if (dryRun) return print(deps, "Nothing was changed (--dry-run).");
    const what =
      messages === undefined ? "There was no stream" : `The stream with ${plural(messages, "message")} is deleted`;
    print(
      deps,
      `${what}; the relay (in ingress) builds it within seconds. \`callbridge streams status\` shows the services.`,
    );
  });
}

async function deleted(config: Parameters<typeof deleteEventStream>[0]): Promise<number | undefined> {
  try {
    return await deleteEventStream(config);
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`The stream could not be deleted at NATS_URL: ${because}`, { cause });
  }
}
