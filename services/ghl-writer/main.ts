import { openGhl } from "@callbridge/connections";
import { type AccountPlatform, type Composed, type Config, runService } from "@callbridge/service";
import { capabilityOf } from "@callbridge/storage";
import type { CallLogStrategy } from "./call-log-effect.ts";
import { ghlWriter } from "./handler.ts";

export function compose(config: Config, platform: AccountPlatform): Composed {
  const { ghl } = config;
  if (!ghl) return { name: "ghl-writer", missing: ["GHL_API_KEY"] };
  const linkKey = platform.key("recording-links");
  const { ghl: crm, waitsFor } = openGhl(config, ghl, platform);
  const service = ghlWriter({
    ghl: crm,
    ghlHost: new URL(config.GHL_BASE_URL).host,
    callLog: callLogOf(config),
    timeZone: config.TIME_ZONE,
    noteDelayMs: config.settings.timing.noteDelayMs,
    recordingLink: (ref) =>
      config.linksAreReachable ? `${config.publicUrl}/r/${capabilityOf(ref, linkKey)}` : undefined,
    mapping: config.settings,
    exclusively: platform.exclusively,
  });
  return { ...service, waitsFor };
}

/** The named strategy, else the first that is configured. */
function callLogOf(config: Config): CallLogStrategy {
  const { GHL_CALL_LOG: named, GHL_CONVERSATION_PROVIDER_ID: conversationProviderId, GHL_CALL_LOG_URL: url } = config;
  if (conversationProviderId && (named ?? "provider") === "provider")
    return { kind: "provider", conversationProviderId };
  if (url && (named ?? "inbound-webhook") === "inbound-webhook") return { kind: "inbound-webhook", url };
  return { kind: "note-only" };
}

if (import.meta.main) await runService(compose);
