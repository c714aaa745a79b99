import { mkdirSync } from "node:fs";
import { type EmbeddedPostgres, startEmbeddedPostgres, takeOwnership } from "@callbridge/event-log/embedded";
import { composeIngress, hostProjector } from "@callbridge/ingress";
import {
  type Account,
  accountsOf,
  type Config,
  ConfigError,
  createLogger,
  describeConfig,
  disconnected,
  type Environment,
  hasVendorKey,
  type InstallationConfig,
  notReady,
  openPlatform,
  ownSecret,
  partsOf,
  readConfig,
  startService,
  waitingFor,
  writeRuntimeFile,
} from "@callbridge/service";
import { startTwin, type Twin } from "@callbridge/twin";
import { services } from "./services.ts";
import { twinConfig } from "./twin-config.ts";

export type Running = {
  url: string;
  config: Config;
  accounts: readonly Account[];
  twinUrl: string | undefined;
  /** What is not configured and therefore waits. */
  waiting: string[];
  stop: () => Promise<void>;
  /** Resolves when the embedded database has died under us. */
  crashed: Promise<string>;
};

/** Starts all services, the embedded database and bus where none is named, and the twin where no vendor is. */
export async function startStandalone(environment: Environment): Promise<Running> {
  const given = readConfig(environment);
  const config = withDataDir(given);
  const logger = createLogger(config.LOG_LEVEL);
  const stops: (() => Promise<void>)[] = [];
  // Started last, stopped first; a start that fails half-way leaves nothing running.
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    const log = logger.info.bind(logger);
    const database = await ownDatabase(config, log);
    stops.push(database.stop);
    const databaseUrl = config.DATABASE_URL ?? database.server?.url ?? "";
    const twin = usesTwin(config) ? await startTwin({ firstCallId: secondsNow() }) : undefined;
    if (twin) stops.push(() => twin.close());

    const accounts = twin ? [{ name: "demo", config: twinConfig(config, twin) }] : accountsOf(config);
    const dataKey = config.DATA_KEY ?? "";
    const platform = await openPlatform({ config, databaseUrl, dataKey, logger, migrate: true });
    stops.push(() => platform.close());
    const relay = platform.startRelay();
    if (relay) stops.push(() => relay.stop());
    const projector = hostProjector(platform);
    stops.push(() => projector.stop());

    const composed = services.map((compose) => partsOf(compose, accounts, platform));
    for (const parts of composed) {
      const running = startService(parts, platform);
      if (running) stops.push(() => running.stop());
    }
    const app = composeIngress(config, accounts, platform, () => notReady(composed.flat(), platform));
    stops.push(() => app.close());
    await app.listen({ port: config.PORT, host: "0.0.0.0" }).catch((cause: unknown) => {
      throw portError(cause, config.PORT);
    });
    const address = app.server.address();
    const url = `http://localhost:${address && typeof address === "object" ? address.port : config.PORT}`;
    if (twin) connectTwin(twin, url, config);
    const publicUrl = config.PUBLIC_URL && config.publicUrl;
    const runtime = { pid: process.pid, url, publicUrl, databaseUrl, twinUrl: twin?.url };
    stops.push(writeRuntimeFile(config.DATA_DIR, runtime));
    const parts = composed.flat();
    const waiting = [...waitingFor(parts), ...(await disconnected(parts))];
    logger.info({ ...describeConfig(config, accounts), twin: twin !== undefined, waiting }, "started");
    return { url, config, accounts, twinUrl: twin?.url, waiting, stop, crashed: crashOf(database.server) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The twin forgets its calls with the process and the log does not: ids go on from the clock, at one call a second. */
const secondsNow = () => Math.floor(Date.now() / 1_000);

function usesTwin(config: InstallationConfig): boolean {
  return !hasVendorKey(config) && config.NODE_ENV !== "production";
}

/**
 * Makes the data directory ours alone and starts the embedded database in it, where none is named.
 *
 * @throws ConfigError: another instance runs there, or what keeps PostgreSQL from running.
 */
async function ownDatabase({ DATABASE_URL: named, DATA_DIR: dataDir }: Config, log: (message: string) => void) {
  try {
    const release = await takeOwnership({ home: dataDir, dataDir });
    const server = named ? undefined : await startEmbeddedPostgres({ dataDir, log });
    const stop = async () => {
      await server?.stop();
      await release();
    };
    return { server, stop };
  } catch (cause) {
    throw cause instanceof Error ? new ConfigError(cause.message, { cause }) : cause;
  }
}

function withDataDir(config: InstallationConfig): InstallationConfig {
  try {
    mkdirSync(config.DATA_DIR, { recursive: true });
    return withOwnSecrets(config);
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`DATA_DIR: ${because}. Set DATA_DIR to a folder that can be written.`, { cause });
  }
}

/** Secrets that nobody set are made once and kept. */
function withOwnSecrets(config: InstallationConfig): InstallationConfig {
  const dataKey = config.DATA_KEY ?? ownSecret(config.DATA_DIR, "data-key");
  const accounts = config.accounts.map((account) => ({
    ...account,
    config: withWebhookSecrets(account.config, `${account.name}.`),
  }));
  return { ...withWebhookSecrets(config, ""), DATA_KEY: dataKey, accounts };
}

/** `prefix` keeps the files of accounts apart; no account's name has a dot. */
function withWebhookSecrets(config: Config, prefix: string): Config {
  const list = (given: string[], name: string) =>
    given.length > 0 ? given : [ownSecret(config.DATA_DIR, prefix + name)];
  return {
    ...config,
    CLOUDTALK_WEBHOOK_SECRET: list(config.CLOUDTALK_WEBHOOK_SECRET, "cloudtalk-webhook-secret"),
    GHL_WEBHOOK_SECRET: list(config.GHL_WEBHOOK_SECRET, "ghl-webhook-secret"),
  };
}

function crashOf(database: EmbeddedPostgres | undefined): Promise<string> {
  return new Promise((resolve) => {
    database?.exited.then(({ asked }) => {
      if (!asked) resolve("the embedded PostgreSQL ended unexpectedly: postgres.log in DATA_DIR/postgres says why");
    }, resolve);
  });
}

/** The twin sends its webhooks to us, with our secrets. */
function connectTwin(twin: Twin, url: string, config: Config): void {
  twin.control.configure({
    webhookTarget: url,
    webhookSecret: config.CLOUDTALK_WEBHOOK_SECRET[0] ?? "",
    ghlWebhookSecret: config.GHL_WEBHOOK_SECRET[0] ?? null,
  });
}

function portError(cause: unknown, port: number): unknown {
  const taken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
  return taken ? new ConfigError(`port ${port} is taken: set PORT to another one`, { cause }) : cause;
}
