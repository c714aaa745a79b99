import { openReadModels, type ReadModels } from "@callbridge/read-models";
import type { Command } from "commander";
import type { CliDeps } from "./deps.ts";
import { withLog } from "./open-log.ts";
import { jsonOption } from "./options.ts";
import { plural, print, printJson } from "./output.ts";
import { startProgress } from "./progress.ts";

/** `callbridge read-models`: the tables that `call` and analysts read, from the log. */
export function registerReadModels(program: Command, deps: CliDeps): void {
  const readModels = program
    .command("read-models")
    .description("the tables beside the log: calls, effects, contacts (docs/analytics.md)");
  readModels
    .command("rebuild")
    .description("empty the tables and fill them from the log; meanwhile they show only part of it")
    .addOption(jsonOption())
    .action((options: { json?: true }) => fill(deps, options, (tables) => tables.rebuild));
  readModels
    .command("refresh")
    .description("take in what is not in the tables yet; a running installation does that by itself")
    .addOption(jsonOption())
    .action((options: { json?: true }) => fill(deps, options, (tables) => tables.catchUp));
}

async function fill(
  deps: CliDeps,
  { json }: { json?: true },
  how: (tables: ReadModels) => ReadModels["rebuild"],
): Promise<void> {
  await withLog(deps, async ({ log, keyring }) => {
    const tables = openReadModels({ log, keyring });
    const head = await log.lastPosition();
    const progress = startProgress(deps, head, "events");
    let done = 0;
    try {
      const position = await how(tables)((reached) => {
        progress.add(reached.position - done);
        done = reached.position;
      });
      progress.stop();
      if (json) printJson(deps, { position });
      else print(deps, `The tables hold ${plural(position, "event")}: the whole log up to position ${position}.`);
    } finally {
      progress.stop();
      await tables.close();
    }
  });
}
