import type { Config } from "@callbridge/service";
import type { Twin } from "@callbridge/twin";

/** The configuration with the twin in the place of all three vendors. */
export function twinConfig(
  config: Config,
  { urls, credentials, url }: Pick<Twin, "urls" | "credentials" | "url">,
): Config {
  return {
    ...config,
    cloudtalk: { keyId: credentials.cloudtalkKeyId, secret: credentials.cloudtalkSecret },
    CLOUDTALK_BASE_URL: urls.cloudtalk,
    CLOUDTALK_ANALYTICS_URL: urls.analytics,
    CLOUDTALK_INTELLIGENCE_URL: urls.intelligence,
    CLOUDTALK_PLATFORM_URL: urls.platform,
    CLOUDTALK_SVIX_SECRET: [credentials.svixSecret],
    ghl: { token: credentials.ghlToken, locationId: credentials.ghlLocationId },
    GHL_BASE_URL: urls.ghl,
    GHL_WEBHOOK_PUBLIC_KEY: [credentials.ghlSigningPublicKeyPem],
    GHL_CONVERSATION_PROVIDER_ID: config.GHL_CONVERSATION_PROVIDER_ID ?? credentials.conversationProviderId,
    OPENAI_API_KEY: credentials.openaiKey,
    OPENAI_BASE_URL: urls.openai,
    RECORDING_ALLOWED_HOSTS: [...config.RECORDING_ALLOWED_HOSTS, new URL(url).host],
    linksAreReachable: true,
  };
}
