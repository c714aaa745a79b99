import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import type { EventData } from "@callbridge/events";
import { Agent, type Dispatcher, request } from "undici";
import { within } from "./body.ts";
import { allowList, isPublicAddress, shownHost } from "./hosts.ts";
import type { RecordingLimits } from "./limits.ts";

export type Because = EventData<"recording.unavailable">["because"];

/** What asking for a recording gave. `refused` is ours: we would not fetch it. `detail` never holds the link. */
export type Opened =
  | { body: AsyncIterable<Uint8Array>; contentLength?: number | undefined }
  | { notYet: true; detail?: string }
  | { gone: true }
  | Refused;
type Refused = { refused: Because; detail: string };

/** One place to ask for a recording. Everything it opened ends with the signal. Throws when the place cannot be reached. */
export type Source = (signal: AbortSignal) => Promise<Opened>;

export type LinkOptions = {
  /** Hosts that the operator named; see `allowList`. */
  allowedHosts: readonly string[];
  limits: Pick<RecordingLimits, "answerMs" | "redirectsMax">;
  /** All addresses of a host; the system's resolver unless a test says otherwise. */
  resolve?: ((host: string) => Promise<LookupAddress[]>) | undefined;
};

/**
 * Fetches links that came from outside (pain 79 of the predecessor: a forged webhook made the server read internal
 * addresses). The host must be allowed and its addresses are resolved once, checked, and are then the only ones that the
 * connection may use; redirects are followed by hand with the same checks for every hop.
 */
export function linkSources({ allowedHosts, limits, resolve = systemResolve }: LinkOptions): (link: string) => Source {
  const permissionOf = allowList(allowedHosts);

  return (link) => async (signal) => {
    let url = URL.parse(link);
    for (let hop = 0; hop <= limits.redirectsMax; hop++) {
      if (!url) return { refused: "not-allowed", detail: "not a URL" };
      const addresses = await permittedAddresses(url, signal);
      if ("refused" in addresses) return addresses;
      const answer = await get(url, addresses, signal);
      const location = answer.statusCode >= 300 && answer.statusCode < 400 ? answer.headers.location : undefined;
      if (typeof location !== "string") return openedBy(answer);
      discard(answer);
      url = URL.parse(location, url.href);
    }
    return { notYet: true, detail: `more than ${limits.redirectsMax} redirects` };
  };

  async function permittedAddresses(url: URL, signal: AbortSignal): Promise<LookupAddress[] | Refused> {
    const permission = permissionOf(url);
    if (!permission) return { refused: "not-allowed", detail: `host ${shownHost(url)} is not allowed` };
    const addresses = await inTime(resolve(url.hostname.replace(/^\[|\]$/g, "")), signal);
    const safe = permission === "named" || addresses.every(({ address }) => isPublicAddress(address));
    return safe
      ? addresses
      : { refused: "not-allowed", detail: `host ${shownHost(url)} has an address that is not public` };
  }

  async function get(url: URL, addresses: LookupAddress[], signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    // One agent for one request: no connection made to addresses of another check is ever reused.
    const agent = new Agent({
      connect: { lookup: only(addresses) },
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    signal.addEventListener("abort", () => void agent.destroy().catch(() => {}), { once: true });
    // CloudTalk's edge answers 403 without a User-Agent (facts/cloudtalk.md §0.4).
    const headers = { "user-agent": "callbridge", accept: "audio/*, */*;q=0.1", "accept-encoding": "identity" };
    return inTime(request(url, { dispatcher: agent, headers, signal }), signal);
  }

  /** Errors of the network are told by their code alone: some quote what was asked for. */
  async function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await within(work, limits.answerMs, () => new Error(`no answer within ${limits.answerMs} ms`), signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new Error(`the recording's link could not be read: ${reasonOf(cause)}`, { cause });
    }
  }
}

function openedBy(answer: Dispatcher.ResponseData): Opened {
  const { statusCode, headers, body } = answer;
  if (statusCode >= 200 && statusCode < 300) {
    const length = Number(headers["content-length"] ?? Number.NaN);
    return { body, contentLength: Number.isSafeInteger(length) ? length : undefined };
  }
  discard(answer);
  if (statusCode === 410) return { gone: true };
  if (statusCode >= 500) throw new Error(`the recording's link answered ${statusCode}`);
  // 404 is the usual one; 401, 403 and 429 may change as well, and the API is asked next.
  return { notYet: true, detail: `the link answered ${statusCode}` };
}

function discard({ body }: Dispatcher.ResponseData): void {
  body.on("error", () => {}); // Nobody reads it, so nobody needs to know that it was cut off.
  body.destroy();
}

/** Gives a connection the checked addresses, so that a second, different answer of the DNS has no effect. */
function only(addresses: LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all || !first) callback(null, addresses);
    else callback(null, first.address, first.family);
  };
}

function systemResolve(host: string): Promise<LookupAddress[]> {
  return lookup(host, { all: true });
}

/** The innermost code, such as ECONNREFUSED: messages of network errors are empty when several addresses were tried. */
function reasonOf(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ("code" in current && typeof current.code === "string") return current.code;
  }
  return error instanceof Error ? error.message : "unknown";
}
