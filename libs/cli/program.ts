import { ConfigError } from "@callbridge/service";
import { Command, CommanderError } from "commander";
import { registerCall } from "./call.ts";
import { registerContacts } from "./contacts.ts";
import { registerDead } from "./dead.ts";
import type { CliDeps } from "./deps.ts";
import { CliError, UsageError } from "./errors.ts";
import { registerEvents } from "./events.ts";
import { registerGhl } from "./ghl.ts";
import { isOutputClosed, say } from "./output.ts";
import { registerReadModels } from "./read-models.ts";
import { registerReconcile } from "./reconcile.ts";
import { registerReplay } from "./replay.ts";
import { registerStreams } from "./streams.ts";
import { registerSync } from "./sync.ts";
import { registerWebhooks } from "./webhooks.ts";

/** One registration function per group of commands. */
const groups = [
  registerCall,
  registerContacts,
  registerEvents,
  registerDead,
  registerReplay,
  registerStreams,
  registerReconcile,
  registerSync,
  registerReadModels,
  registerWebhooks,
  registerGhl,
];

const about = `Looks into and looks after a Callbridge installation.

\`callbridge …\` in what it says stands for \`npm run callbridge -- …\`.

It speaks to the database only: DATABASE_URL, else that of the installation that runs with this DATA_DIR (./.data), else
the embedded one, started for the duration of the command. What it wants done, the running services do.`;

/** The command line as a tree of commands; nothing is opened before one of them runs. */
export function createProgram(deps: CliDeps): Command {
  const program = new Command("callbridge")
    .description(about)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => deps.stdout.write(text),
      writeErr: (text) => deps.stderr.write(text),
      getOutHelpWidth: () => deps.stdout.columns ?? 100,
      getErrHelpWidth: () => deps.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("(--help shows what there is)");
  for (const register of groups) register(program, deps);
  return program;
}

/** Runs one command line and answers the exit code: 0 done, 1 could not, 2 not given as it is meant. */
export async function runCommandLine(words: readonly string[], deps: CliDeps): Promise<number> {
  try {
    await createProgram(deps).parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    // Commander has said what it had to say; asking for help is no mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (isOutputClosed(error)) return 0;
    if (error instanceof UsageError || error instanceof CliError || error instanceof ConfigError) {
      say(deps, `callbridge: ${error.message}`);
      return error instanceof UsageError ? 2 : 1;
    }
    say(deps, `callbridge: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return 1;
  }
}
