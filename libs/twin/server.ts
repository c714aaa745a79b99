import { setTimeout as wait } from "node:timers/promises";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type ActiveFault, type Faults, faultBody, seededRandom } from "./faults.ts";
import { gate } from "./gates.ts";
import type { LateWork } from "./late-work.ts";
import type { Limits } from "./limits.ts";
import type { LoggedRequest, RequestLog } from "./request-log.ts";
import { type Answer, asRecord, prefixes, type Route, type TwinRequest } from "./route.ts";
import { traceId, type World } from "./world.ts";

/** OpenAI refuses uploads above 25 MB itself; the server must let them in for that. */
const bodyBytesMax = 40 * 1024 * 1024;

export type Watch = { log: RequestLog; faults: Faults; limits: Limits; late: LateWork };

/** Mounts the routes of all vendors under their prefixes. */
export function vendorServer(world: World, routes: Route[], watch: Watch): FastifyInstance {
  const app = fastify({ bodyLimit: bodyBytesMax, forceCloseConnections: true, routerOptions: { maxParamLength: 500 } });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const random = randomErrors(world);
  for (const route of routes) {
    app.route({
      method: route.method,
      url: prefixes[route.vendor] + route.path,
      handler: (request, reply) => serve(world, route, watch, random, request, reply),
    });
  }
  app.setNotFoundHandler((request, reply) => {
    void reply.code(404).send(unknownPath(request.url, request.method));
  });
  return app;
}

/** Count, let in, limit, disturb, apply, answer: in the order the vendors' own stacks do it. */
async function serve(
  world: World,
  route: Route,
  { log, faults, limits, late }: Watch,
  fails: () => boolean,
  raw: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const path = (raw.url.split("?")[0] ?? "").slice(prefixes[route.vendor].length);
  const { vendor, operation, method } = route;
  const entry = log.add({ vendor, operation, method, path, atMs: world.now().getTime(), status: null });
  const read = readRequest(raw);
  if (read === undefined) return send(reply, entry, { status: 400, body: faultBody(vendor, 400) }, {});
  const refused = gate(world, route, read);
  if (refused !== undefined) return send(reply, entry, refused, {});
  const { headers, refusal } = limits.take(vendor);
  if (refusal !== undefined) return send(reply, entry, refusal, headers);
  if (world.settings.latencyMs > 0) await wait(world.settings.latencyMs);
  const fault = faults.take(route, path);
  const early = disturbed(world, route, fault, fails);
  if (early !== undefined) return send(reply, entry, early, headers);
  if (fault?.fault === "hang") return reply.hijack();
  if (fault?.fault === "drop-before") return drop(raw, reply);
  if (fault?.fault === "apply-late") {
    late.schedule(fault.delayMs ?? world.settings.applyDelayMs, () => route.handle(read));
    return drop(raw, reply);
  }
  const answer = await route.handle(read);
  return fault?.fault === "drop-after-apply" ? drop(raw, reply) : send(reply, entry, answer, headers);
}

function disturbed(
  world: World,
  route: Route,
  fault: ActiveFault | undefined,
  fails: () => boolean,
): Answer | undefined {
  const scripted = /^status-(\d{3})$/.exec(fault?.fault ?? "")?.[1];
  const status = scripted === undefined ? undefined : Number(scripted);
  const code = status ?? (fault === undefined && fails() ? 503 : undefined);
  if (code === undefined) return undefined;
  const resetAt = Math.ceil((world.now().getTime() + 1000) / 1000);
  const headers: Record<string, string> =
    code === 429 && route.vendor === "cloudtalk" ? { "x-cloudtalkapi-resettime": String(resetAt) } : {};
  return { status: code, body: faultBody(route.vendor, code), headers };
}

/** Draws by the settings as they are at that moment; a new seed starts a new series. */
function randomErrors(world: World): () => boolean {
  let seed = world.settings.errorSeed;
  let next = seededRandom(seed);
  return () => {
    if (world.settings.errorRate === 0) return false;
    if (seed !== world.settings.errorSeed) {
      seed = world.settings.errorSeed;
      next = seededRandom(seed);
    }
    return next() < world.settings.errorRate;
  };
}

/** The client sees the connection break and never learns what became of its request. */
function drop(raw: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  raw.raw.socket.destroy();
  return reply;
}

function send(
  reply: FastifyReply,
  entry: LoggedRequest,
  answer: Answer,
  headers: Record<string, string>,
): FastifyReply {
  entry.status = answer.status;
  void reply.code(answer.status).headers({ ...headers, ...answer.headers, "x-request-id": traceId() });
  if (answer.body === undefined) return reply.send();
  if (answer.type !== undefined) return reply.type(answer.type).send(answer.body);
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(answer.body));
}

/** Undefined when a JSON body does not parse. */
function readRequest(raw: FastifyRequest): TwinRequest | undefined {
  const strings = (record: unknown): Record<string, string> =>
    Object.fromEntries(
      Object.entries(asRecord(record)).map(([key, value]) => [
        key,
        String(Array.isArray(value) ? value.at(-1) : value),
      ]),
    );
  const request = { params: strings(raw.params), query: strings(raw.query), headers: raw.headers };
  if (!Buffer.isBuffer(raw.body) || raw.body.length === 0) return { ...request, body: undefined };
  if (raw.headers["content-type"]?.startsWith("multipart/")) return { ...request, body: raw.body };
  if (raw.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
    return { ...request, body: Object.fromEntries(new URLSearchParams(raw.body.toString())) };
  }
  try {
    return { ...request, body: JSON.parse(raw.body.toString()) };
  } catch {
    return undefined;
  }
}

function unknownPath(url: string, method: string): unknown {
  const path = url.split("?")[0] ?? "";
  if (path.startsWith(`${prefixes.ghl}/`)) {
    const message = `Cannot ${method} ${path.slice(prefixes.ghl.length)}`;
    return { statusCode: 404, message, error: "Not Found" };
  }
  if (path.startsWith(`${prefixes.openai}/`)) {
    const message = `Invalid URL (${method} ${path.slice("/openai".length)})`;
    return { error: { message, type: "invalid_request_error", param: null, code: null } };
  }
  return { responseData: { status: 404, message: "Not found." } };
}
