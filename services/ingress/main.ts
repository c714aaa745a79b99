import { join } from "node:path";
import { openGhlConnection } from "@callbridge/connections";
import { ghlPublicKey } from "@callbridge/ghl";
import { openReadModels, startProjector } from "@callbridge/read-models";
import {
  type Config,
  describeConfig,
  notReady,
  type OpenPlatform,
  openOwnPlatform,
  openStorage,
  runProcess,
  type Started,
} from "@callbridge/service";
import type { FastifyInstance } from "fastify";
import type { IngressAccount } from "./account.ts";
import { createIngress } from "./routes.ts";
import { openSpool } from "./spool.ts";

/** The HTTP door of an installation, not yet listening. */
export function composeIngress(
  config: Config,
  platform: OpenPlatform,
  options: { account: string; readiness: () => Promise<string[]> },
): FastifyInstance {
  const account: IngressAccount = {
    name: options.account,
    cloudtalkSecrets: config.CLOUDTALK_WEBHOOK_SECRET,
    ghlSecrets: config.GHL_WEBHOOK_SECRET,
    svixSecrets: config.CLOUDTALK_SVIX_SECRET,
    ghlPublicKeys: config.GHL_WEBHOOK_PUBLIC_KEY.length > 0 ? config.GHL_WEBHOOK_PUBLIC_KEY : [ghlPublicKey],
    ghlLocationId: config.ghl?.locationId,
    defaultCountry: config.DEFAULT_COUNTRY,
  };
  const connection = config.ghl && openGhlConnection(config, config.ghl, { ...platform, account: options.account });
  return createIngress({
    log: platform.log,
    keyring: platform.keyring,
    clock: platform.clock,
    logger: platform.logger.child({ service: "ingress" }),
    accounts: [account],
    defaultAccount: options.account,
    recordings: { storage: openStorage(config, platform), key: platform.keyring.derive("recording-links") },
    connections: new Map(connection ? [[options.account, connection]] : []),
    spool: openSpool({ directory: join(config.DATA_DIR, "spool"), key: platform.keyring.derive("spool") }),
    readiness: options.readiness,
  });
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
  const app = composeIngress(config, platform, { account: "default", readiness });
  await app.listen({ port: config.PORT, host: "0.0.0.0" });
  platform.logger.info({ service: "ingress", ...describeConfig(config) }, "started");
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
