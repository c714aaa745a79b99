import { gate } from "./gates.ts";
import { openTwin, type TwinOptions, type TwinParts } from "./open-twin.ts";
import { prefixes, type Route, type Vendor } from "./route.ts";
import { twinRoutes } from "./routes.ts";
import type { SendWebhook } from "./world.ts";

/** A request that has reached the vendor: whose operation it is. `answer` applies it, once. */
type Arrived = { vendor: Vendor; operation: string; method: string; answer: () => Promise<Response> };

export type TwinInProcess = Pick<TwinParts, "control" | "credentials" | "urls"> & {
  arrive: (url: URL, request: RequestInit) => Arrived;
};

const address = "http://twin.invalid";

/** The twin without sockets and timers, for simulated time: whoever carries the requests decides when they arrive. */
export function twinInProcess(options: TwinOptions & { now: () => Date; send: SendWebhook }): TwinInProcess {
  const { world, watch, control, credentials, urls } = openTwin(options, () => address);
  const routes = twinRoutes(world).map((route) => ({ route, pattern: patternOf(route) }));

  return {
    ...{ control, credentials, urls: urls() },
    arrive: (url, { method = "GET", headers, body }) => {
      for (const { route, pattern } of routes) {
        const match = route.method === method ? pattern.exec(url.pathname) : null;
        if (!match) continue;
        const { vendor, operation } = route;
        return { vendor, operation, method, answer: () => answer(route, url, match.groups ?? {}, { headers, body }) };
      }
      throw new Error(`The twin has no ${method} ${url.pathname}`);
    },
  };

  async function answer(route: Route, url: URL, params: Record<string, string>, { headers, body }: RequestInit) {
    const { vendor, operation, method } = route;
    const path = url.pathname.slice(prefixes[vendor].length);
    const entry = watch.log.add({ vendor, operation, method, path, atMs: world.now().getTime(), status: null });
    const request = {
      params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decodeURIComponent(value)])),
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(new Headers(headers)),
      body: typeof body === "string" ? JSON.parse(body) : undefined,
    };
    const refused = gate(world, route, request);
    const limited = refused ? undefined : watch.limits.take(vendor);
    const given = refused ?? limited?.refusal ?? (await route.handle(request));
    entry.status = given.status;
    const text = given.body === undefined ? null : JSON.stringify(given.body);
    return new Response(text, { status: given.status, headers: { ...limited?.headers, ...given.headers } });
  }
}

/** The route's path as a pattern over the whole address; what comes first in the list of routes wins. */
function patternOf({ vendor, path }: Route): RegExp {
  const parts = (prefixes[vendor] + path).split("/").map((part) => {
    const name = /^:(\w+)$/.exec(part)?.[1];
    return name ? `(?<${name}>[^/]+)` : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("/")}$`);
}
