import { consequenceOf, VendorError } from "@callbridge/vendor";
import { retryAfterMs } from "./limits.ts";

/** The audio as a stream, or why there is none: not there (yet, or never), or deleted after the plan's retention. */
export type Recording =
  | { body: ReadableStream<Uint8Array>; contentType: string; contentLength: number | undefined }
  | { notYet: true }
  | { gone: true };

/** Until the first byte of the answer. The audio itself may take as long as `signal` allows. */
const answerTimeoutMs = 30_000;
const [vendor, operation] = ["cloudtalk", "calls.recording"];

/**
 * `GET calls/recording/{id}.json`: a WAV of any length, so it is passed on and never held. An error in the middle of the
 * stream reaches whoever reads it. Redirects are followed; fetch drops the credentials when the host changes.
 */
export async function openRecording(
  request: { url: string; headers: Record<string, string>; now: () => number },
  signal: AbortSignal,
): Promise<Recording> {
  const response = await answerOf(request.url, request.headers, signal);
  if (response.ok && response.body !== null) {
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    return {
      body: response.body,
      contentType: response.headers.get("content-type") ?? "application/octet-stream",
      contentLength: Number.isFinite(length) ? length : undefined,
    };
  }
  await response.body?.cancel();
  if (response.status === 404 || response.ok) return { notYet: true };
  if (response.status === 410) return { gone: true };
  throw new VendorError({
    vendor,
    operation,
    status: response.status,
    consequence: consequenceOf(response.status),
    retryAfterMs: response.status === 429 ? retryAfterMs(response.headers, request.now()) : undefined,
    detail: response.statusText,
  });
}

async function answerOf(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error("no answer in time")), answerTimeoutMs);
  try {
    return await fetch(url, { headers, signal: AbortSignal.any([signal, late.signal]) });
  } catch (cause) {
    // Reading applies nothing, however it ended.
    const detail = signal.aborted ? "stopped" : late.signal.aborted ? "no answer in time" : "network error";
    throw new VendorError({ vendor, operation, consequence: "not-applied", detail, cause });
  } finally {
    clearTimeout(timer);
  }
}
