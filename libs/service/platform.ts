import { setTimeout as wait } from "node:timers/promises";
import {
  createEmbeddedBus,
  createJetStreamBus,
  type Nats,
  NatsRefusal,
  openNats,
  type Relay,
  startRelay,
  topology,
} from "@callbridge/bus";
import { createKeyring, type EventLog, openEventLog } from "@callbridge/event-log";
import type { Gate } from "@callbridge/vendor";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { type GateOptions, openGate } from "./gate.ts";
import { withLease } from "./lease.ts";
import type { Platform } from "./service.ts";
import { ConfigError } from "./settings.ts";
import { unusableDatabase } from "./unusable-database.ts";

const migrationPollMs = 1_000;

/** A process's log and bus, opened. */
export type OpenPlatform = Platform & {
  /** Publishes the log to NATS. Hosted by ingress; nothing to do with the embedded bus. */
  startRelay: () => Relay | undefined;
  close: () => Promise<void>;
};

/** What the services of one account are composed with. */
export type AccountPlatform = Platform & {
  account: string;
  /** Runs work of this account that no other process may do at the same time; throws `RetryLater` when one does. */
  exclusively: (name: string, work: () => Promise<void>) => Promise<void>;
  /** The budget of the account at a vendor; `work` says how much of it is left to others. */
  gate: (vendor: GateOptions["vendor"], work: GateOptions["work"]) => Gate;
  /** A key of the account's own: nothing that it stored or linked opens with another's. */
  key: (purpose: "storage" | "recording-links") => Buffer;
};

export type PlatformOptions = {
  config: Config;
  databaseUrl: string;
  dataKey: string;
  logger: Logger;
  clock?: () => Date;
  /** Standalone and the migration job migrate, everybody else waits for them. */
  migrate: boolean;
  /** Ends the wait for a database that is not there or not migrated yet. */
  signal?: AbortSignal | undefined;
};

/**
 * Opens the log and the bus that a process works on. NATS may be down: the log takes everything meanwhile.
 *
 * @throws ConfigError when the database or NATS refuses us, and when a database that we are to migrate cannot be reached.
 */
export async function openPlatform(options: PlatformOptions): Promise<OpenPlatform> {
  const { config, logger, clock = () => new Date() } = options;
  const keyring = createKeyring(options.dataKey);
  const log = openEventLog({ url: options.databaseUrl, keyring });
  if (options.migrate) {
    await log.isMigrated().catch((cause: unknown) => {
      throw unusableDatabase(cause, options.databaseUrl);
    });
    await log.migrate();
  } else await untilMigrated(log, options);

  const names = topology(config.NATS_PREFIX);
  const nats = config.NATS_URL
    ? openNats({ url: config.NATS_URL, credsFile: config.NATS_CREDS, name: "callbridge" })
    : undefined;
  if (nats) await greet(nats, logger);
  const bus = nats ? createJetStreamBus(nats, log, names) : createEmbeddedBus(log);
  return {
    ...{ log, bus, keyring, clock, logger },
    startRelay: () => (nats ? startRelay(log, nats, names) : undefined),
    close: async () => {
      await bus.close();
      await log.close();
    },
  };
}

/** The platform as one account sees it, with what all processes share for this account: exclusive work, budgets, keys. */
export function platformOf(platform: Platform, account: string): AccountPlatform {
  const { log, clock, logger, alarms, keyring } = platform;
  const sleep = alarms && { sleep: (ms: number) => new Promise<void>((resolve) => alarms.after(ms, resolve)) };
  return {
    ...platform,
    account,
    exclusively: (name, work) => withLease(platform, `${account}/shared/${name}`, work),
    gate: (vendor, work) => openGate({ log, logger, clock, account, vendor, work, ...sleep }),
    key: (purpose) => keyring.derive(isFirst(account) ? purpose : `${purpose}:${account}`),
  };
}

/** The accounts that need no `CONFIG_FILE`. An installation has one of them, or none. */
const isFirst = (account: string) => account === "default" || account === "demo";

async function greet(nats: Nats, logger: Logger): Promise<void> {
  try {
    await nats.connection();
  } catch (error) {
    if (error instanceof NatsRefusal) {
      throw new ConfigError(`${error.message}. NATS_URL and NATS_CREDS say where it is and who we are.`, {
        cause: error,
      });
    }
    const because = error instanceof Error ? error.message : String(error);
    logger.warn(`${because}. Webhooks are taken and stored; the services wait until it is there.`);
  }
}

async function untilMigrated(log: EventLog, { databaseUrl, logger, signal }: PlatformOptions): Promise<void> {
  for (let said = ""; ; ) {
    const because = await log.isMigrated().then(
      (isMigrated) => (isMigrated ? undefined : "the database is not migrated to this version"),
      (cause: unknown) => {
        const { message, isRefusal } = unusableDatabase(cause, databaseUrl);
        if (isRefusal) throw unusableDatabase(cause, databaseUrl);
        return message;
      },
    );
    if (because === undefined) return;
    if (because !== said) logger.warn(`waiting: ${because}`);
    said = because;
    await wait(migrationPollMs, undefined, { signal });
  }
}
