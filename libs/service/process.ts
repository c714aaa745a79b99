import { createServer } from "node:http";
import { join } from "node:path";
import { inspect } from "node:util";
import { createStorage, type Storage } from "@callbridge/storage";
import {
  type Account,
  accountsOf,
  type Config,
  describeConfig,
  type InstallationConfig,
  readConfig,
} from "./config.ts";
import { createLogger } from "./logger.ts";
import { metricsPage } from "./metrics.ts";
import { type AccountPlatform, type OpenPlatform, openPlatform, platformOf } from "./platform.ts";
import { type Composed, type Part, type Platform, startService } from "./service.ts";
import { ConfigError } from "./settings.ts";

/** Makes one account's part of a service. */
export type Compose = (config: Config, platform: AccountPlatform) => Composed;

/** A service as it works for these accounts. */
export function partsOf(compose: Compose, accounts: readonly Account[], platform: Platform): Part[] {
  return accounts.map(({ name, config }) => ({
    account: name,
    service: compose(config, platformOf(platform, name)),
    settleMs: config.settings.timing.settleMs,
  }));
}

/** Recordings, transcripts and analyses of an account. */
export function openStorage(config: Config, { key }: Pick<AccountPlatform, "key">): Storage {
  const url = config.RECORDINGS_URL ?? `file:${join(config.DATA_DIR, "recordings")}`;
  return createStorage({ url, key: key("storage") });
}

/** Runs one service as a process of its own: configuration, platform, health, drain on SIGTERM. */
export async function runService(compose: Compose): Promise<void> {
  await runProcess(async (asked) => {
    const { config, platform } = await openOwnPlatform(asked);
    const accounts = accountsOf(config);
    const parts = partsOf(compose, accounts, platform);
    const running = startService(parts, platform);
    const reasons = () => notReady(parts, platform);
    const server = createServer(async (request, response) => {
      if (request.url === "/metrics") {
        const { contentType, text } = await metricsPage(platform.log);
        response.writeHead(200, { "content-type": contentType }).end(text);
        return;
      }
      const because = request.url === "/readyz" ? await reasons() : [];
      response.writeHead(because.length === 0 ? 200 : 503, { "content-type": "application/json" });
      response.end(JSON.stringify({ status: because.length === 0 ? "ok" : "not ready", reasons: because }));
    });
    server.listen(config.PORT);
    const [service] = parts.map((part) => part.service.name);
    platform.logger.info({ service, ...describeConfig(config, accounts), reasons: await reasons() }, "started");
    return {
      stop: async () => {
        server.close();
        await running?.stop();
        await platform.close();
      },
    };
  });
}

/** The configuration and the platform of a process that runs one service. Waits for the database to be migrated. */
export async function openOwnPlatform(
  signal: AbortSignal,
  alsoRequired: Parameters<typeof readConfig>[1] = [],
): Promise<{ config: InstallationConfig; platform: OpenPlatform }> {
  const config = readConfig(undefined, ["DATABASE_URL", "NATS_URL", "DATA_KEY", ...alsoRequired]);
  const logger = createLogger(config.LOG_LEVEL);
  const { DATABASE_URL: databaseUrl = "", DATA_KEY: dataKey = "" } = config;
  const options = { config, databaseUrl, dataKey, logger, signal };
  const platform = await openPlatform({ ...options, migrate: false });
  return { config, platform };
}

/** What is not configured and therefore holds its events. */
export function waitingFor(parts: readonly Part[]): string[] {
  const isOne = new Set(parts.map(({ account }) => account)).size === 1;
  return parts.flatMap(({ account, service }) => {
    if (!("missing" in service)) return [];
    return `${service.name}${isOne ? "" : ` of ${account}`} waits for ${service.missing.join(" and ")}`;
  });
}

/** What is configured and still waits for a person; services of one vendor wait for the same. */
export async function disconnected(parts: readonly Part[]): Promise<string[]> {
  // A database that does not answer is told of by itself.
  const asked = parts.map(async ({ service }) =>
    "missing" in service ? [] : ((await service.waitsFor?.().catch(() => [])) ?? []),
  );
  return [...new Set((await Promise.all(asked)).flat())];
}

/** Why a process cannot do all of its work now. */
export async function notReady(parts: readonly Part[], { log, bus }: Platform): Promise<string[]> {
  const database = await log.ping().then(
    () => [],
    () => ["the database does not answer"],
  );
  const { ok, because = "the bus is down" } = bus.health();
  return [...waitingFor(parts), ...(await disconnected(parts)), ...database, ...(ok ? [] : [because])];
}

/** What runs: how to stop it, and when it cannot go on, why. */
export type Started = { stop: () => Promise<void>; crashed?: Promise<string> };

/**
 * Starts, waits for SIGTERM or SIGINT, stops what was started and ends with 0. Anything unexpected ends with 1. `start`
 * learns by its signal that it is asked to end; one that does not listen is waited for and then stopped.
 */
export async function runProcess(start: (asked: AbortSignal) => Promise<Started>): Promise<void> {
  const controller = new AbortController();
  const asked = new Promise<undefined>((resolve) => {
    controller.signal.addEventListener("abort", () => resolve(undefined));
  });
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => controller.abort());
  try {
    const started = await start(controller.signal).catch((error: unknown) => {
      if (controller.signal.aborted) return undefined;
      throw error;
    });
    const because = await Promise.race([asked, ...(started?.crashed ? [started.crashed] : [])]);
    await started?.stop();
    if (because !== undefined) throw new ConfigError(because);
    process.exitCode = 0;
  } catch (error) {
    process.exitCode = 1;
    const expected = error instanceof ConfigError;
    process.stderr.write(`${expected ? error.message : inspect(error)}\n`);
  }
  // Whatever still holds the event loop has been drained by now.
  process.exit();
}
