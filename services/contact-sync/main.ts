import { createCloudTalk } from "@callbridge/cloudtalk";
import { openGhl } from "@callbridge/connections";
import { type AccountPlatform, type Composed, type Config, runService } from "@callbridge/service";
import { contactSync } from "./handler.ts";

/** Needs both vendors: it is the one that knows who is who on either side. */
export function compose(config: Config, platform: AccountPlatform): Composed {
  const { cloudtalk, ghl } = config;
  if (!cloudtalk || !ghl) {
    return {
      name: "contact-sync",
      missing: [...(cloudtalk ? [] : ["CLOUDTALK_API_KEY"]), ...(ghl ? [] : ["GHL_API_KEY"])],
    };
  }
  const urls = { baseUrl: config.CLOUDTALK_BASE_URL, analyticsUrl: config.CLOUDTALK_ANALYTICS_URL };
  const { ghl: crm, sweeping, waitsFor } = openGhl(config, ghl, platform);
  const service = contactSync({
    cloudtalk: createCloudTalk({ ...cloudtalk, ...urls, gate: platform.gate("cloudtalk", "calls") }),
    sweeping: {
      cloudtalk: createCloudTalk({ ...cloudtalk, ...urls, gate: platform.gate("cloudtalk", "sweep") }),
      ghl: sweeping,
    },
    cloudtalkHost: new URL(config.CLOUDTALK_BASE_URL).host,
    ghl: crm,
    unknownCaller: config.UNKNOWN_CALLER,
    account: platform.account,
    log: platform.log,
    sync: config.settings.sync,
    ...config.settings.timing,
  });
  return { ...service, waitsFor };
}

if (import.meta.main) await runService(compose);
