import { createCloudTalk } from "@callbridge/cloudtalk";
import { createGhl } from "@callbridge/ghl";
import { type Composed, type Config, type OpenPlatform, runService } from "@callbridge/service";
import { contactSync } from "./handler.ts";

/** Needs both vendors: it is the one that knows who is who on either side. */
export function compose(config: Config, platform: OpenPlatform): Composed {
  const { cloudtalk, ghl } = config;
  if (!cloudtalk || !ghl) {
    return {
      name: "contact-sync",
      missing: [...(cloudtalk ? [] : ["CLOUDTALK_API_KEY"]), ...(ghl ? [] : ["GHL_API_KEY"])],
    };
  }
  const urls = { baseUrl: config.CLOUDTALK_BASE_URL, analyticsUrl: config.CLOUDTALK_ANALYTICS_URL };
  return contactSync({
    cloudtalk: createCloudTalk({ ...cloudtalk, ...urls, gate: platform.gate("cloudtalk", "calls") }),
    history: createCloudTalk({ ...cloudtalk, ...urls, gate: platform.gate("cloudtalk", "sweep") }),
    cloudtalkHost: new URL(config.CLOUDTALK_BASE_URL).host,
    ghl: createGhl({
      token: () => ghl.token,
      locationId: ghl.locationId,
      baseUrl: config.GHL_BASE_URL,
      gate: platform.gate("ghl", "calls"),
    }),
    unknownCaller: config.UNKNOWN_CALLER,
    account: platform.account,
    log: platform.log,
    sync: config.settings.sync,
    ...config.settings.timing,
  });
}

if (import.meta.main) await runService(compose);
