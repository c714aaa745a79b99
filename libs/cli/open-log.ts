import { createKeyring, type EventLog, type Keyring, openEventLog } from "@callbridge/event-log";
import { type Config, type InstallationConfig, readConfig, readRuntimeFile } from "@callbridge/service";
import type { CliDeps } from "./deps.ts";
import { CliError } from "./errors.ts";
import { say } from "./output.ts";
import { storedSecret } from "./stored-secret.ts";

export type OpenLog = { log: EventLog; keyring: Keyring; config: InstallationConfig };

/** Commands work page by page; a few connections let them read ahead. */
const poolSize = 10;

/**
 * Opens the log of this installation for the duration of `work`: `DATABASE_URL`, else the database of a standalone that
 * runs here, else the embedded one, started for as long as the command takes.
 */
export async function withLog<T>(deps: CliDeps, work: (opened: OpenLog) => Promise<T>): Promise<T> {
  const config = asItRuns(deps.environment);
  const keyring = createKeyring(dataKeyOf(config));
  const database = await findDatabase(deps, config);
  const log = openEventLog({ url: database.url, keyring, poolSize });
  try {
    if (database.isOurs) await log.migrate();
    await assertUsable(log, database.url);
    return await work({ log, keyring, config });
  } finally {
    await log.close();
    await database.stop();
  }
}

/** What runs here may have been given another port or address in a terminal of its own, and its links begin with that. */
export function asItRuns(environment: CliDeps["environment"]): InstallationConfig {
  const config = readConfig(environment);
  const running = config.PUBLIC_URL ? undefined : readRuntimeFile(config.DATA_DIR);
  const publicUrl = running?.publicUrl ?? running?.url;
  return publicUrl === undefined ? config : readConfig({ ...environment, PUBLIC_URL: publicUrl });
}

function dataKeyOf({ DATA_KEY: given, DATA_DIR: dataDir }: Config): string {
  if (given) return given;
  const stored = storedSecret(dataDir, "data-key");
  if (stored) return stored.secret;
  throw new CliError(
    `There is no installation in ${dataDir} and no DATA_KEY is set. Set DATA_DIR to the directory of the installation, ` +
      "or DATABASE_URL and DATA_KEY as its services have them.",
  );
}

type Found = { url: string; isOurs: boolean; stop: () => Promise<void> };

async function findDatabase(deps: CliDeps, { DATABASE_URL: given, DATA_DIR: dataDir }: Config): Promise<Found> {
  const running = given ?? readRuntimeFile(dataDir)?.databaseUrl;
  if (running !== undefined) return { url: running, isOurs: false, stop: async () => undefined };
  const { startEmbeddedPostgres } = await import("@callbridge/event-log/embedded");
  say(deps, `Nothing runs in ${dataDir}: its database is started for this command.`);
  const { url, stop } = await startEmbeddedPostgres({ dataDir });
  return { url, isOurs: true, stop };
}

async function assertUsable(log: EventLog, url: string): Promise<void> {
  const isMigrated = await log.isMigrated().catch((cause: unknown) => {
    const because =
      cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
    throw new CliError(
      `The database at ${new URL(url).host} cannot be used: ${because}. DATABASE_URL says where it is.`,
      {
        cause,
      },
    );
  });
  if (isMigrated) return;
  throw new CliError(
    "The database is not at the version of this build. Start Callbridge once (npm start), or run the migration job.",
  );
}
