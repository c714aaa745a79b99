import { setTimeout as wait } from "node:timers/promises";
import { connectNats, createEmbeddedBus, createJetStreamBus, type Relay, startRelay, topology } from "@callbridge/bus";
import { createKeyring, type EventLog, openEventLog } from "@callbridge/event-log";
import type { Gate } from "@callbridge/vendor";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { type GateOptions, openGate } from "./gate.ts";
import { withLease } from "./lease.ts";
import type { Platform } from "./service.ts";

const migrationPollMs = 1_000;

export type OpenPlatform = Platform & {
  /** Runs work that no other process may do at the same time; throws `RetryLater` when one does. */
  exclusively: (name: string, work: () => Promise<void>) => Promise<void>;
  /** The budget of the account at a vendor; `work` says how much of it is left to others. */
  gate: (vendor: GateOptions["vendor"], work: GateOptions["work"]) => Gate;
  /** Publishes the log to NATS. Hosted by ingress; nothing to do with the embedded bus. */
  startRelay: () => Relay | undefined;
  close: () => Promise<void>;
};

export type PlatformOptions = {
  config: Config;
  databaseUrl: string;
  dataKey: string;
  logger: Logger;
  clock?: () => Date;
  /** Whose budgets are used. */
  account: string;
  /** Standalone and the migration job migrate, everybody else waits for them. */
  migrate: boolean;
};

/** Opens the log and the bus that a process works on. */
export async function openPlatform(options: PlatformOptions): Promise<OpenPlatform> {
  const { config, logger, clock = () => new Date() } = options;
  const keyring = createKeyring(options.dataKey);
  const log = openEventLog({ url: options.databaseUrl, keyring });
  if (options.migrate) await log.migrate();
  else await untilMigrated(log, logger);

  const names = topology(config.NATS_PREFIX);
  const nats = config.NATS_URL
    ? await connectNats({ url: config.NATS_URL, credsFile: config.NATS_CREDS, name: "callbridge" })
    : undefined;
  const bus = nats ? createJetStreamBus(nats, log, names) : createEmbeddedBus(log);
  const platform: Platform = {
    log,
    bus,
    keyring,
    clock,
    logger,
    account: options.account,
    settleMs: config.settings.timing.settleMs,
  };
  return {
    ...platform,
    ...sharedWork(platform, options.account),
    startRelay: () => (nats ? startRelay(log, nats, names) : undefined),
    close: async () => {
      await bus.close();
      await log.close();
    },
  };
}

/** What the processes of an installation share beside the log and the bus: exclusive work and the vendors' budgets. */
export function sharedWork(platform: Platform, account: string): Pick<OpenPlatform, "exclusively" | "gate"> {
  const { log, clock, logger, alarms } = platform;
  const sleep = alarms && { sleep: (ms: number) => new Promise<void>((resolve) => alarms.after(ms, resolve)) };
  return {
    exclusively: (name, work) => withLease(platform, `shared/${name}`, work),
    gate: (vendor, work) => openGate({ log, logger, clock, account, vendor, work, ...sleep }),
  };
}

async function untilMigrated(log: EventLog, logger: Logger): Promise<void> {
  while (!(await log.isMigrated().catch(() => false))) {
    logger.info("waiting for the database to be migrated to this version");
    await wait(migrationPollMs);
  }
}
