import { createCloudTalk } from "@callbridge/cloudtalk";
import { openGhl } from "@callbridge/connections";
import { type AccountPlatform, type Composed, type Config, runService, type SyncSettings } from "@callbridge/service";
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
  const urls = {
    baseUrl: config.CLOUDTALK_BASE_URL,
    analyticsUrl: config.CLOUDTALK_ANALYTICS_URL,
    platformUrl: config.CLOUDTALK_PLATFORM_URL,
  };
  const { ghl: crm, sweeping, waitsFor } = openGhl(config, ghl, platform);
  const cloudtalkFor = (work: "calls" | "contacts" | "sweep") =>
    createCloudTalk({ ...cloudtalk, ...urls, gate: platform.gate("cloudtalk", work) });
  const service = contactSync({
    cloudtalk: cloudtalkFor("calls"),
    syncing: { cloudtalk: cloudtalkFor("contacts") },
    sweeping: {
      cloudtalk: cloudtalkFor("sweep"),
      ghl: sweeping,
    },
    cloudtalkHost: new URL(config.CLOUDTALK_BASE_URL).host,
    platformHost: new URL(config.CLOUDTALK_PLATFORM_URL).host,
    ghl: crm,
    unknownCaller: config.UNKNOWN_CALLER,
    account: platform.account,
    log: platform.log,
    sync: apartFromCallTags(config.settings),
    mapping: config.settings,
    ...config.settings.timing,
  });
  return { ...service, waitsFor };
}

/** What came to the CRM from a call is no tag of the person, and does not come back as one. */
function apartFromCallTags({ sync, callTags: { prefix, names } }: Config["settings"]): SyncSettings {
  const ofCalls = [...(prefix === "" ? [] : [`${prefix}*`]), ...Object.values(names).filter((name) => name !== null)];
  return { ...sync, tags: { ...sync.tags, ignore: [...sync.tags.ignore, ...ofCalls] } };
}

if (import.meta.main) await runService(compose);
