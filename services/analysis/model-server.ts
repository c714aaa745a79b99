import { RetryLater } from "@callbridge/service";
import { APIError, OpenAI } from "openai";

/** OpenAI or any server that speaks its protocol. Local ones need no key. `baseUrl` ends in `/v1`. */
export type ModelServer = { apiKey?: string | undefined; baseUrl: string; model: string };

export function modelClient({ apiKey, baseUrl }: ModelServer, timeoutMs: number): OpenAI {
  // No retries here: the runtime's backoff outlives a restart. No log: at debug level the SDK prints what was said.
  const ours = { timeout: timeoutMs, maxRetries: 0, logLevel: "off" } as const;
  return new OpenAI({ ...ours, apiKey: apiKey || "none", baseURL: baseUrl, organization: null, project: null });
}

/** The server said no to this request for what it is; the same request would be refused again. */
export type Refusal = {
  /** For people and the log: codes only, no personal data. */
  refused: string;
  code: string | undefined;
  /** The server's own words, to learn what it does not support. They may quote the call: never log or store them. */
  complaint: string;
};
export type Answer = { data: unknown; requestId: string | undefined };

/** No key, no money, no such model: a person must act. Every look may cost an upload, so look rarely. */
const needsPersonRetryMs = 900_000;
/** A server that says "too many" without saying until when. Rates are counted per minute. */
const rateLimitedRetryMs = 30_000;
/** Daily limits ask for hours. Looking once an hour notices that somebody has raised them. */
const retryAfterMaxMs = 3_600_000;

/**
 * The one place that turns an error of a model server into what happens next.
 * 429 → `RetryLater` as asked · no quota, 401–405 without a right, a model or a path → `RetryLater`, a person must act ·
 * other 4xx → `Refusal` · 5xx, 408, 409, network, time-out, unreadable answers → thrown, the runtime backs off.
 * What is thrown never holds the server's message, which may quote the call.
 */
export async function ask(
  what: string,
  request: Promise<{ data: unknown; request_id: string | null }>,
  { now, signal }: { now: Date; signal: AbortSignal },
): Promise<Answer | Refusal> {
  try {
    const { data, request_id } = await request;
    return { data, requestId: request_id ?? undefined };
  } catch (error) {
    signal.throwIfAborted();
    return consequence(what, error, now);
  }
}

function consequence(what: string, error: unknown, now: Date): Refusal {
  // A JSON syntax error quotes the text it stumbled over, so it is no `cause`.
  if (!(error instanceof APIError)) throw new Error(`${what}: the answer could not be read`);
  const status: number | undefined = error.status;
  if (status === undefined) throw new Error(`${what}: ${error.message}`, { cause: error });

  const codes = [status, error.code, error.type, error.param, error.requestID].filter(isCode);
  const because = `${what}: ${[...new Set(codes)].join(" ")}`;
  if (needsPerson(status, error.code)) throw new RetryLater(needsPersonRetryMs, `${because}, needs a person`);
  if (status === 429) throw new RetryLater(retryAfterMs(error.headers, now) ?? rateLimitedRetryMs, because);
  if (status === 408 || status === 409 || status >= 500) throw new Error(because);
  return { refused: because, code: error.code ?? undefined, complaint: error.message };
}

/** 402 is what resellers answer to an empty account; 404 and 405 are a wrong base URL or a model that is gone. */
function needsPerson(status: number, code: string | null | undefined): boolean {
  return [401, 402, 403, 404, 405].includes(status) || code === "insufficient_quota" || code === "model_not_found";
}

/** Codes and ids are short and have no spaces; anything else in their place may be a sentence about the content. */
function isCode(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && /^[\w.-]{1,80}$/.test(value));
}

function retryAfterMs(headers: Headers | undefined, now: Date): number | undefined {
  const milliseconds = headers?.get("retry-after-ms");
  const after = headers?.get("retry-after");
  const asked = milliseconds ? Number(milliseconds) : after ? Number(after) * 1000 : Number.NaN;
  const wait = Number.isNaN(asked) && after ? Date.parse(after) - now.getTime() : asked;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), retryAfterMaxMs);
}
