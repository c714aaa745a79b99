import type { Fields } from "@callbridge/vendor";

/** Longer than any link seen (250), short enough for an event. */
const urlCharactersMax = 2_000;

/** The link to the audio, where a field holds one: `recording: true` beside it is not a link. */
export function readRecordingUrl(call: Fields): string | undefined {
  const aliases = ["recordingurl", "callrecordingurl", "callrecording", "recordinglink", "recording.url", "recording"];
  return aliases.map((alias) => call.text(alias)).find(isWebAddress);
}

/**
 * The numeric call id in CloudTalk's public link, `/pub/r/<base64 of the id>/<hash>.wav`, verified on real deliveries
 * (facts/cloudtalk.md §1.5), or in the player's page, `/r/play/<id>`.
 */
export function callIdInRecordingUrl(url: string | undefined): string | undefined {
  const path = url === undefined ? "" : new URL(url).pathname;
  const encoded = /\/pub\/r\/([^/]+)\//.exec(path)?.[1];
  const id = encoded === undefined ? /\/r\/play\/(\d+)/.exec(path)?.[1] : decoded(encoded);
  return id !== undefined && /^[1-9]\d{0,19}$/.test(id) ? id : undefined;
}

function isWebAddress(text: string | undefined): text is string {
  return text !== undefined && text.length <= urlCharactersMax && /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** Only the characters that base64 needs are percent-encoded, so nothing here can throw on a malformed escape. */
function decoded(encoded: string): string {
  const base64 = encoded.replace(/%3D/gi, "=").replace(/%2B/gi, "+").replace(/%2F/gi, "/");
  return Buffer.from(base64, "base64").toString("latin1");
}
