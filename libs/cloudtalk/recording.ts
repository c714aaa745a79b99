import { VendorError, type VendorHttp } from "@callbridge/vendor";

/** The audio as a stream, or why there is none: not there (yet, or never), or deleted after the plan's retention. */
export type Recording =
  | { body: ReadableStream<Uint8Array>; contentType: string; contentLength: number | undefined }
  | { notYet: true }
  | { gone: true };

/** Until the first byte of the answer. The audio itself may take as long as `signal` allows. */
const timeoutMs = 30_000;

/**
 * `GET calls/recording/{id}.json`: a WAV of any length, so it is passed on and never held. An error in the middle of the
 * stream reaches whoever reads it. Reading applies nothing, however it ends.
 */
export async function openRecording(http: VendorHttp, url: string, signal: AbortSignal): Promise<Recording> {
  try {
    // Everything is accepted: the file is audio, the errors are JSON.
    const headers = { accept: "*/*" };
    const request = {
      operation: "calls.recording",
      method: "GET",
      url,
      headers,
      timeoutMs,
      followRedirects: true,
    } as const;
    const response = await http.open(request, signal);
    if (response.body === null) return { notYet: true };
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    return {
      body: response.body,
      contentType: response.headers.get("content-type") ?? "application/octet-stream",
      contentLength: Number.isFinite(length) ? length : undefined,
    };
  } catch (error) {
    if (error instanceof VendorError && error.status === 404) return { notYet: true };
    if (error instanceof VendorError && error.status === 410) return { gone: true };
    throw error;
  }
}
