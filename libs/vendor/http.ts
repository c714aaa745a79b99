import type { z } from "zod";
import { consequenceOf, unexpectedAnswer, VendorError } from "./errors.ts";

/** Long enough for the slowest honest answer seen from either vendor, short enough that a lease outlives it. */
const requestTimeoutMs = 20_000;
const detailCharactersMax = 300;
/** Network errors that happen before a byte of the request left: the vendor cannot have applied anything. */
const unsentCodes = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "EHOSTUNREACH"]);

export type VendorRequest<T> = {
  /** Names the call in errors, logs and counters, e.g. `contacts.search`. */
  operation: string;
  method: "GET" | "POST" | "PUT" | "DELETE";
  url: string;
  headers?: Record<string, string>;
  query?: Record<string, string | number | undefined>;
  json?: unknown;
  /** Reads the answer; a failure counts as ambiguous for writes. */
  answer: z.ZodType<T>;
  timeoutMs?: number;
};

export type VendorHttp = <T>(request: VendorRequest<T>) => Promise<T>;

export type VendorHttpOptions = {
  vendor: string;
  /** Sent with every request (credentials, User-Agent, Accept). */
  headers: () => Record<string, string> | Promise<Record<string, string>>;
  /** How long a 429 asks us to wait, from the vendor's own headers. Milliseconds. */
  retryAfterMs: (headers: Headers) => number | undefined;
  /** The human-readable part of an error body, if there is one. */
  errorMessage: (body: unknown) => string | undefined;
};

/** One way to talk HTTP to a vendor: JSON in and out, one time-out, and every failure a `VendorError` with its consequence. */
export function vendorHttp(options: VendorHttpOptions): VendorHttp {
  const { vendor } = options;

  return async (request) => {
    const { operation } = request;
    const response = await send(request);
    const body = parseJson(await text(response, operation));
    if (!response.ok) {
      throw new VendorError({
        vendor,
        operation,
        status: response.status,
        consequence: consequenceOf(response.status),
        retryAfterMs: response.status === 429 ? options.retryAfterMs(response.headers) : undefined,
        detail: withoutPersonalData(options.errorMessage(body) ?? response.statusText),
        body,
      });
    }
    const parsed = request.answer.safeParse(body);
    if (!parsed.success) throw unexpectedAnswer(vendor, operation, parsed.error);
    return parsed.data;
  };

  async function send<T>(request: VendorRequest<T>): Promise<Response> {
    const url = new URL(request.url);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const hasBody = request.json !== undefined;
    const headers = { ...(await options.headers()), ...request.headers };
    try {
      return await fetch(url, {
        method: request.method,
        headers: hasBody ? { ...headers, "content-type": "application/json" } : headers,
        body: hasBody ? JSON.stringify(request.json) : null,
        signal: AbortSignal.timeout(request.timeoutMs ?? requestTimeoutMs),
        redirect: "error",
      });
    } catch (cause) {
      throw networkError(request.operation, cause);
    }
  }

  async function text(response: Response, operation: string): Promise<string> {
    try {
      return await response.text();
    } catch (cause) {
      throw networkError(operation, cause);
    }
  }

  function networkError(operation: string, cause: unknown): VendorError {
    const code = networkCode(cause);
    const unsent = code !== undefined && unsentCodes.has(code);
    return new VendorError({
      vendor,
      operation,
      consequence: unsent ? "not-applied" : "ambiguous",
      detail: code ?? (cause instanceof Error ? cause.name : "network error"),
      cause,
    });
  }
}

/** Vendors answer with empty bodies and HTML error pages now and then; both are "no JSON", not a crash. */
function parseJson(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function networkCode(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ("code" in current && typeof current.code === "string") return current.code;
  }
  return undefined;
}

/** Error texts quote what was sent; numbers of five digits and more and e-mail addresses are masked before they reach a log. */
export function withoutPersonalData(text: string): string {
  return text
    .slice(0, detailCharactersMax)
    .replace(/[^\s@"']+@[^\s@"']+/g, "<e-mail>")
    .replace(/\+?\d[\d\s().-]{4,}\d/g, "<number>");
}
