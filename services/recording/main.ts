import { createCloudTalk } from "@callbridge/cloudtalk";
import type { CloudTalkCallId } from "@callbridge/events";
import { type AccountPlatform, type Composed, type Config, openStorage, runService } from "@callbridge/service";
import { recordingHandler } from "./handler.ts";

export function compose(config: Config, platform: AccountPlatform): Composed {
  if (!config.cloudtalk) return { name: "recording", missing: ["CLOUDTALK_API_KEY"] };
  const cloudtalk = createCloudTalk({
    ...config.cloudtalk,
    baseUrl: config.CLOUDTALK_BASE_URL,
    analyticsUrl: config.CLOUDTALK_ANALYTICS_URL,
    gate: platform.gate("cloudtalk", "calls"),
  });
  return {
    name: "recording",
    handlers: [
      recordingHandler({
        cloudtalk: { recording: (callId, signal) => cloudtalk.recording(callId as CloudTalkCallId, signal) },
        storage: openStorage(config, platform),
        allowedHosts: config.RECORDING_ALLOWED_HOSTS,
      }),
    ],
  };
}

if (import.meta.main) await runService(compose);
