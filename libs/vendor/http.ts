import type { z } from "zod";
import { type Consequence, consequenceOf, unexpectedAnswer, VendorError } from "./errors.ts";
import type { Gate, Limit } from "./gate.ts";

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
  /** Sent as `application/x-www-form-urlencoded`, instead of `json`. */
  form?: Record<string, string>;
  /** Reads the answer; a failure counts as ambiguous for writes. */
  answer: z.ZodType<T>;
  timeoutMs?: number;
  /** Never for writes. fetch drops the credentials when the host changes. */
  followRedirects?: boolean;
};

type Exchange = Omit<VendorRequest<never>, "answer">;

/** How a request leaves: `fetch`, as far as it is used here. */
export type Fetch = (url: URL, request: RequestInit) => Promise<Response>;
const overNetwork: Fetch = (url, request) => fetch(url, request);

export type VendorHttp = {
  /** Sends and reads the whole answer. */
  ask: <T>(request: VendorRequest<T>) => Promise<T>;
  /** Sends and gives a successful answer as it comes in, for audio. It may take as long as `signal` allows. */
  open: (request: Exchange, signal: AbortSignal) => Promise<Response>;
};

export type VendorHttpOptions = {
  vendor: string;
  /** Sent with every request (credentials, User-Agent, Accept). */
  headers: () => Record<string, string> | Promise<Record<string, string>>;
  /** How long a 429 asks us to wait, from the vendor's own headers. Milliseconds. */
  retryAfterMs: (headers: Headers) => number | undefined;
  /** The human-readable part of an error body, if there is one. */
  errorMessage: (body: unknown) => string | undefined;
  /** The vendor's budget as its answer tells it. */
  limitOf?: (headers: Headers) => Limit | undefined;
  /** The shared budget and breaker; absent in tests of a client alone. */
  gate?: Gate | undefined;
  /** Something else than the network, for simulations. */
  fetch?: Fetch | undefined;
};

/** One way to talk HTTP to a vendor: JSON in and out, one time-out, and every failure a `VendorError` with its consequence. */
export function vendorHttp(options: VendorHttpOptions): VendorHttp {
  const { vendor, gate, fetch: leave = overNetwork } = options;

  return {
    ask: async (request) => {
      const { operation } = request;
      const response = await send(request, AbortSignal.timeout(request.timeoutMs ?? requestTimeoutMs));
      const parsed = request.answer.safeParse(parseJson(await text(response, request)));
      if (!parsed.success) throw unexpectedAnswer(vendor, operation, parsed.error);
      return parsed.data;
    },
    open: async (request, signal) => {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new Error("no answer in time")), request.timeoutMs ?? requestTimeoutMs);
      try {
        return await send(request, AbortSignal.any([signal, late.signal]));
      } finally {
        clearTimeout(timer);
      }
    },
  };

  /** A successful answer, or a `VendorError`. The gate hears of both. */
  async function send(request: Exchange, signal: AbortSignal): Promise<Response> {
    await gate?.pass(request.operation);
    try {
      const response = await exchange(request, signal);
      if (!response.ok) throw await refusal(request, response);
      await gate?.report({ limit: options.limitOf?.(response.headers) });
      return response;
    } catch (error) {
      if (error instanceof VendorError) await gate?.report({ error });
      throw error;
    }
  }

  async function exchange(request: Exchange, signal: AbortSignal): Promise<Response> {
    const url = new URL(request.url);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const hasBody = request.json !== undefined;
    const headers = { ...(await options.headers()), ...request.headers };
    try {
      return await leave(url, {
        method: request.method,
        headers: hasBody ? { ...headers, "content-type": "application/json" } : headers,
        body: hasBody ? JSON.stringify(request.json) : request.form ? new URLSearchParams(request.form) : null,
        signal,
        redirect: request.followRedirects ? "follow" : "error",
      });
    } catch (cause) {
      throw networkError(request, cause);
    }
  }

  async function refusal({ operation, method }: Exchange, response: Response): Promise<VendorError> {
    const body = parseJson(await text(response, { operation, method }));
    return new VendorError({
      vendor,
      operation,
      status: response.status,
      consequence: ofMethod(method, consequenceOf(response.status)),
      retryAfterMs: response.status === 429 ? options.retryAfterMs(response.headers) : undefined,
      detail: withoutPersonalData(options.errorMessage(body) ?? response.statusText),
      body,
    });
  }

  async function text(response: Response, request: Pick<Exchange, "operation" | "method">): Promise<string> {
    try {
      return await response.text();
    } catch (cause) {
      throw networkError(request, cause);
    }
  }

  function networkError({ operation, method }: Pick<Exchange, "operation" | "method">, cause: unknown): VendorError {
    const code = networkCode(cause);
    const unsent = code !== undefined && unsentCodes.has(code);
    return new VendorError({
      vendor,
      operation,
      consequence: ofMethod(method, unsent ? "not-applied" : "ambiguous"),
      detail: code ?? (cause instanceof Error ? cause.name : "network error"),
      cause,
    });
  }
}

/** Reading applies nothing, however it ended. */
function ofMethod(method: string, consequence: Consequence): Consequence {
  return method === "GET" && consequence === "ambiguous" ? "not-applied" : consequence;
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
