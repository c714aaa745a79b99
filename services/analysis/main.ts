import { type AccountPlatform, type Composed, type Config, openStorage, runService } from "@callbridge/service";
import { analysisHandlers } from "./handler.ts";

const openaiUrl = "https://api.openai.com/v1";

/** A base URL without a key is enough for a local server. */
export function compose(config: Config, platform: AccountPlatform): Composed {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl } = config;
  if (!apiKey && !baseUrl && !(config.STT_BASE_URL && config.LLM_BASE_URL)) {
    return { name: "analysis", missing: ["OPENAI_API_KEY"] };
  }
  return {
    name: "analysis",
    handlers: analysisHandlers({
      speech: { apiKey, baseUrl: config.STT_BASE_URL ?? baseUrl ?? openaiUrl, model: config.TRANSCRIPTION_MODEL },
      language: { apiKey, baseUrl: config.LLM_BASE_URL ?? baseUrl ?? openaiUrl, model: config.ANALYSIS_MODEL },
      storage: openStorage(config, platform),
    }),
  };
}

if (import.meta.main) await runService(compose);
