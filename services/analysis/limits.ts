const mebibyte = 1024 * 1024;

/** Every limit of this service. Sizes in bytes, texts in characters, times in milliseconds. */
export const analysisLimits = {
  /**
   * OpenAI refuses above 25 MiB and does not say whether the multipart envelope counts (facts/openai.md 1.2). CloudTalk's
   * WAV at 8 kHz and 16 bits reaches this after 26 minutes in mono, 13 in stereo.
   */
  audioBytesMax: 24 * mebibyte,
  /** A ten-hour call with its segments takes about 2 MiB. */
  transcriptBytesMax: 8 * mebibyte,
  /** Above 272,000 tokens gpt-6 bills twice the price; a character is at most about half a token. A two-hour call has 120,000. */
  transcriptCharactersMax: 400_000,
  /** An answer takes about 2,000 tokens; the rest is room for the model's reasoning, which counts too. */
  outputTokensMax: 12_000,
  /** Node's fetch gives up on silent servers after 300 s whatever is asked; ours ends first and says so. */
  speechTimeoutMs: 290_000,
  languageTimeoutMs: 180_000,
};

export type AnalysisLimits = typeof analysisLimits;
