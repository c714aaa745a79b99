import { type Fetch, type Gate, type Limit, VendorError, type VendorRequest, vendorHttp } from "@callbridge/vendor";
import { z } from "zod";

export type GhlOptions = {
  /**
   * A private integration token or a fresh OAuth access token. `refused`: GHL does not take this one any more; another
   * one if there is one, else the same.
   */
  token: (refused?: string) => Promise<string> | string;
  locationId: string;
  /** `https://services.leadconnectorhq.com`, or a twin. */
  baseUrl: string;
  /** The budget that all requests to this location share. */
  gate?: Gate | undefined;
  /** Something else than the network, for simulations. */
  fetch?: Fetch | undefined;
};

/** GHL's two generations of endpoints; any other or no Version header is answered 401 (facts/ghl.md §1). */
const versions = { crm: "2021-07-28", conversations: "2021-04-15" };

type GhlRequest<T> = Pick<VendorRequest<T>, "operation" | "method" | "query" | "json" | "answer"> & {
  path: string;
  api?: keyof typeof versions;
};

export type GhlApi = {
  locationId: string;
  request: <T>(request: GhlRequest<T>) => Promise<T>;
  /** POSTs to a workflow's secret URL, without our credentials. */
  post: (operation: string, url: string, json: unknown) => Promise<void>;
};

export function ghlApi({ token, locationId, baseUrl, gate, fetch }: GhlOptions): GhlApi {
  const base = baseUrl.replace(/\/+$/, "");
  const common = { vendor: "ghl", retryAfterMs, errorMessage, limitOf, gate, fetch };
  const http = vendorHttp({ ...common, headers: () => ({ accept: "application/json" }) });

  return {
    locationId,
    request: async ({ path, api = "crm", ...request }) => {
      const send = (bearer: string) => {
        const headers = { authorization: `Bearer ${bearer}`, version: versions[api] };
        return http.ask({ ...request, url: `${base}${path}`, headers });
      };
      // Before the gate: what waited for a token may be too late for its attempt, and the gate looks.
      const bearer = await token();
      try {
        return await send(bearer);
      } catch (error) {
        const other = isTokenRefused(error) ? await token(bearer) : bearer;
        if (other === bearer) throw error;
        // A 401 applied nothing, so a write may be sent again.
        return await send(other);
      }
    },
    post: async (operation, url, json) => {
      await http.ask({ operation, method: "POST", url, json, answer: z.unknown() });
    },
  };
}

/** GHL answers unknown ids with 404, and with 400 "Contact with id … not found". */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof VendorError)) return false;
  return error.status === 404 || (error.status === 400 && /not found/i.test(error.message));
}

/** GHL also says 401 when a scope, the Version or a route is wrong (facts/ghl.md §6); another token would not help. */
function isTokenRefused(error: unknown): boolean {
  if (!(error instanceof VendorError) || error.consequence !== "unauthorised") return false;
  return !/scope|version header|IAM Service/i.test(error.message);
}

const dayMs = 86_400_000;
/** The day's quota is used up and GHL does not say until when: looking again once an hour costs nothing. */
const dailyWaitMs = 3_600_000;

function numberIn(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  return text === null || text.trim() === "" || Number.isNaN(Number(text)) ? undefined : Number(text);
}

/** The burst limit as every answer tells it (facts/ghl.md §6). */
function limitOf(headers: Headers): Limit | undefined {
  const number = (name: string) => numberIn(headers, name);
  const max = number("x-ratelimit-max");
  if (max === undefined || max <= 0) return undefined;
  return { max, windowMs: number("x-ratelimit-interval-milliseconds"), remaining: number("x-ratelimit-remaining") };
}

function retryAfterMs(headers: Headers): number | undefined {
  const number = (name: string) => numberIn(headers, name);
  if (number("x-ratelimit-daily-remaining") === 0) {
    const reset = number("x-ratelimit-daily-reset");
    return reset !== undefined && reset > 0 && reset <= dayMs ? reset : dailyWaitMs;
  }
  const seconds = number("retry-after");
  return seconds === undefined ? number("x-ratelimit-interval-milliseconds") : seconds * 1000;
}

const errorBody = z.looseObject({
  message: z.union([z.string(), z.array(z.string())]).optional(),
  error: z.string().optional(),
  traceId: z.string().optional(),
});

/** GHL's `message` is a text or a list of texts; the trace id is what its support asks for. */
function errorMessage(body: unknown): string | undefined {
  const { message, error, traceId } = errorBody.safeParse(body).data ?? {};
  const text = Array.isArray(message) ? message.join("; ") : (message ?? error);
  return text !== undefined && traceId !== undefined ? `${text} (trace ${traceId})` : text;
}
