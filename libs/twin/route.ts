import type { IncomingHttpHeaders } from "node:http";

export type Vendor = "cloudtalk" | "analytics" | "intelligence" | "platform" | "ghl" | "openai" | "public";

export type TwinRequest = {
  params: Record<string, string>;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  /** Parsed JSON or form, or the raw bytes of a multipart upload, or undefined. */
  body: unknown;
};

/** A plain answer: JSON unless `type` names another content type; an undefined body sends none. */
export type Answer = { status: number; body?: unknown; type?: string; headers?: Record<string, string> };

/** One operation of one vendor: what the server mounts, counts and disturbs. */
export type Route = {
  vendor: Vendor;
  /** Name in counts and fault rules, e.g. `contacts.edit`. */
  operation: string;
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the vendor's prefix, in Fastify's syntax. */
  path: string;
  handle: (request: TwinRequest) => Answer | Promise<Answer>;
};

/** Where each vendor's API lives below the twin's address. The recording link hangs below CloudTalk's host, not its API. */
export const prefixes: Record<Vendor, string> = {
  cloudtalk: "/cloudtalk/api",
  analytics: "/analytics/api",
  intelligence: "/intelligence/v1",
  platform: "/platform/api",
  ghl: "/ghl",
  openai: "/openai/v1",
  public: "/cloudtalk/pub",
};

export const ok = (body: unknown): Answer => ({ status: 200, body });

export const created = (body: unknown): Answer => ({ status: 201, body });

/** A record of whatever arrived, so that handlers may look at keys without guessing; anything else is empty. */
export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}
