import assert from "node:assert/strict";
import { type Fetch, type Gate, VendorError, type VendorHttp, vendorHttp } from "@callbridge/vendor";
import { z } from "zod";
import { limitOf, retryAfterMs } from "./limits.ts";

export type CloudTalkOptions = {
  keyId: string;
  secret: string;
  /** With path prefix: `https://my.cloudtalk.io/api`. */
  baseUrl: string;
  /** `https://analytics-api.cloudtalk.io/api`. */
  analyticsUrl: string;
  /** `https://platform-api.cloudtalk.io/api`; whoever shows no cue cards needs none. */
  platformUrl?: string | undefined;
  /** The budget that all requests of this company share. */
  gate?: Gate | undefined;
  /** Something else than the network, for simulations. */
  fetch?: Fetch | undefined;
  /** Milliseconds since 1970; compared with the moment that a 429 names. */
  now?: () => number;
};

/** How the resources reach CloudTalk. The verbs are its own: PUT creates, POST updates (facts/cloudtalk.md §0 item 3). */
export type CloudTalkApi = {
  http: VendorHttp;
  request: VendorHttp["ask"];
  /** The address of one of the core API's operations: `contacts/show/5` stands for `…/contacts/show/5.json`. */
  core: (path: string) => string;
  /** The address of a call on the analytics host. */
  analytics: (path: string) => string;
  /** An address on the platform host. */
  platform: (path: string) => string;
};

export function cloudTalkApi(options: CloudTalkOptions): CloudTalkApi {
  const { gate, fetch, now = Date.now } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const analyticsUrl = options.analyticsUrl.replace(/\/+$/, "");
  const platformUrl = options.platformUrl?.replace(/\/+$/, "");
  // Without Accept CloudTalk answers 404 or 406, without User-Agent its edge answers an HTML 403 (facts §0 item 4).
  const headers = {
    authorization: `Basic ${Buffer.from(`${options.keyId}:${options.secret}`).toString("base64")}`,
    accept: "application/json",
    "user-agent": "callbridge",
  };
  const http = vendorHttp({
    vendor: "cloudtalk",
    headers: () => headers,
    retryAfterMs: (answer) => retryAfterMs(answer, now()),
    errorMessage: (body) => errorBody.safeParse(body).data,
    limitOf,
    gate,
    fetch,
  });
  return {
    http,
    request: http.ask,
    core: (path) => `${baseUrl}/${path}.json`,
    analytics: (path) => `${analyticsUrl}/${path}`,
    platform: (path) => {
      assert(platformUrl !== undefined, "no address of CloudTalk's platform host was given");
      return `${platformUrl}/${path}`;
    },
  };
}

/** Undefined where CloudTalk knows nothing of this id. */
export async function orNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof VendorError && error.status === 404) return undefined;
    throw error;
  }
}

/** The human-readable part of an error in any of the four hosts' shapes (facts/cloudtalk.md §1.3). */
const text = z.union([z.string(), z.array(z.string()).transform((lines) => lines.join("; "))]);
const errorBody = z.union([
  z.object({ responseData: z.object({ message: text }) }).transform(({ responseData }) => responseData.message),
  z.object({ message: text }).transform(({ message }) => message),
  z.object({ errors: text }).transform(({ errors }) => errors),
]);
