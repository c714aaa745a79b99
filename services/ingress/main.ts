import { join } from "node:path";
import { type GhlConnection, openGhlConnection } from "@callbridge/connections";
import { ghlPublicKey } from "@callbridge/ghl";
import { openReadModels, startProjector } from "@callbridge/read-models";
import {
  type Account,
  accountsOf,
  type Config,
  describeConfig,
  notReady,
  type OpenPlatform,
  openOwnPlatform,
  openStorage,
  platformOf,
  runProcess,
  type Started,
} from "@callbridge/service";
import type { FastifyInstance } from "fastify";
import type { IngressAccount } from "./account.ts";
import type { Recordings } from "./recordings.ts";
import { createIngress } from "./routes.ts";
import { openSpool } from "./spool.ts";

/** The HTTP door of an installation, not yet listening. */
export function composeIngress(
  config: Config,
  accounts: readonly Account[],
  platform: OpenPlatform,
  readiness: () => Promise<string[]>,
): FastifyInstance {
  return createIngress({
    log: platform.log,
    keyring: platform.keyring,
    clock: platform.clock,
    logger: platform.logger.child({ service: "ingress" }),
    accounts: accounts.map(accountOf),
    defaultAccount: defaultAccountOf(accounts),
    recordings: accounts.map((account) => recordingsOf(account, platform)),
    connections: new Map(accounts.flatMap((account) => connectionOf(account, platform))),
    spool: openSpool({ directory: join(config.DATA_DIR, "spool"), key: platform.keyring.derive("spool") }),
    readiness,
  });
}

function accountOf({ name, config }: Account): IngressAccount {
  return {
    name,
    cloudtalkSecrets: config.CLOUDTALK_WEBHOOK_SECRET,
    ghlSecrets: config.GHL_WEBHOOK_SECRET,
    svixSecrets: config.CLOUDTALK_SVIX_SECRET,
    ghlPublicKeys: config.GHL_WEBHOOK_PUBLIC_KEY.length > 0 ? config.GHL_WEBHOOK_PUBLIC_KEY : [ghlPublicKey],
    ghlLocationId: config.ghl?.locationId,
    defaultCountry: config.DEFAULT_COUNTRY,
  };
}

/** Addresses that name no account are those of the one that the environment (or the twin) makes, or of the only one. */
function defaultAccountOf(accounts: readonly Account[]): string | undefined {
  const [only, ...others] = accounts.map(({ name }) => name);
  return others.length === 0 ? only : accounts.find(({ name }) => name === "default")?.name;
}

function connectionOf({ name, config }: Account, platform: OpenPlatform): [string, GhlConnection][] {
  const connection = config.ghl && openGhlConnection(config, config.ghl, { ...platform, account: name });
  return connection ? [[name, connection]] : [];
}

function recordingsOf({ name, config }: Account, platform: OpenPlatform): Recordings {
  const own = platformOf(platform, name);
  return { storage: openStorage(config, own), key: own.key("recording-links") };
}

/** Keeps the read models level with the log; several processes may host it, one works at a time. */
export function hostProjector({ log, keyring, logger }: OpenPlatform): { stop: () => Promise<void> } {
  const readModels = openReadModels({ log, keyring });
  const onError = (error: unknown) => logger.warn({ err: error }, "the read models are behind");
  const projector = startProjector({ log, readModels, onError });
  return {
    stop: async () => {
      await projector.stop();
      await readModels.close();
    },
  };
}

/** As a process of its own it also hosts the relay and the projector; several replicas share them by locks. */
async function start(asked: AbortSignal): Promise<Started> {
  const { config, platform } = await openOwnPlatform(asked, ["CLOUDTALK_WEBHOOK_SECRET", "GHL_WEBHOOK_SECRET"]);
  const relay = platform.startRelay();
  const projector = hostProjector(platform);
  // NATS being down refuses nothing: only the log has to answer.
  const readiness = () => notReady([], { ...platform, bus: { ...platform.bus, health: () => ({ ok: true }) } });
  const accounts = accountsOf(config);
  const app = composeIngress(config, accounts, platform, readiness);
  await app.listen({ port: config.PORT, host: "0.0.0.0" });
  platform.logger.info({ service: "ingress", ...describeConfig(config, accounts) }, "started");
  return {
    stop: async () => {
      await app.close();
      await relay?.stop();
      await projector.stop();
      await platform.close();
    },
  };
}

if (import.meta.main) await runProcess(start);
