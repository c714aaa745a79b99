import type { GhlConnection } from "@callbridge/connections";
import type { EventLog, Keyring } from "@callbridge/event-log";
import { countWebhook, metricsPage } from "@callbridge/service";
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from "fastify";
import type { IngressAccount } from "./account.ts";
import { refusal } from "./authenticate.ts";
import { type Endpoint, endpoints } from "./endpoints.ts";
import { serveGhlConsent } from "./ghl-consent.ts";
import { type Receipt, type Received, receive, storedHeaders } from "./receive.ts";
import { type Recordings, serveRecordings } from "./recordings.ts";
import type { Spool, Spooled } from "./spool.ts";

/** Webhooks are some kilobytes; a long transcript may be some hundred. */
const bodyBytesMax = 1024 * 1024;
/** Storage gives an object at most 200 characters of name; its link carries them in base64 with a proof of 22. */
const capabilityCharactersMax = 300;
const drainEveryMs = 1_000;
/** How long a vendor should wait before it tries again when nothing can be stored. */
const retryAfterSeconds = 5;

export type IngressOptions = {
  log: EventLog;
  keyring: Keyring;
  clock: () => Date;
  logger: FastifyBaseLogger;
  accounts: IngressAccount[];
  /** The account of addresses that name none. Undefined: every address has to. */
  defaultAccount: string | undefined;
  /** Every account's. */
  recordings: Recordings[];
  /** Accounts whose GHL is connected by OAuth; people come back here from its consent page. */
  connections: ReadonlyMap<string, GhlConnection>;
  /** Where deliveries wait while the database is down. */
  spool: Spool;
  /** Reasons why this process is not ready, if any. */
  readiness: () => Promise<string[]>;
};

/** The HTTP door: webhooks in, 202 when they are safe in the log or, while the database is down, in the spool; health; recordings for the CRM's links. */
export function createIngress(options: IngressOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: options.logger,
    // A logger for each request would cost more than the line it writes; lines name the delivery instead.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    // Addresses are pasted by hand: `https://host//api/…/` is the same place, and a 404 would lose the webhook.
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: capabilityCharactersMax },
  });
  const accounts = new Map(options.accounts.map((account) => [account.name, account]));

  // Every body is taken as bytes: signatures are over bytes, and what does not parse is stored all the same.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  takeAnyContentType(app);
  app.setErrorHandler(onError);

  for (const endpoint of endpoints) {
    app.post(`/api${endpoint.path}`, (request, reply) => take(endpoint, options.defaultAccount, request, reply));
    app.post<{ Params: { account: string } }>(`/api/a/:account${endpoint.path}`, (request, reply) =>
      take(endpoint, request.params.account, request, reply),
    );
  }
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    const reasons = await options.readiness();
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .send({ status: reasons.length === 0 ? "ready" : "not ready", reasons });
  });
  app.get("/metrics", async (_request, reply) => {
    const { contentType, text } = await metricsPage(options.log, options.spool);
    return reply.header("content-type", contentType).send(text);
  });
  serveRecordings(app, options.recordings);
  serveGhlConsent(app, options.connections);
  drainWhileRunning(app, options.spool, takeSpooled);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: "there is nothing at this address" }));
  return app;

  async function take(endpoint: Endpoint, name: string | undefined, request: FastifyRequest, reply: FastifyReply) {
    if (name === undefined)
      return reply.code(404).send({ error: "the address has to name the account: /api/a/<account>/…" });
    const account = accounts.get(name);
    if (!account) return reply.code(404).send({ error: "there is no such account" });
    const startedMs = performance.now();
    const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { headers } = request;
    const refused = refusal(endpoint, account, { headers, token: queryToken(request), rawBody });
    if (refused !== undefined) {
      request.log.warn({ endpoint: endpoint.name, account: name, because: refused }, "webhook refused");
      countWebhook(endpoint.path, "refused");
      return reply.code(401).send({ error: refused });
    }
    const received = { headers, contentType: headers["content-type"] ?? "", rawBody };
    const now = options.clock();
    // Behind what waits already, so that all is stored in the order of arrival.
    if (options.spool.waiting() === 0) {
      try {
        const { verdict, eventIds, because } = await store(endpoint, account, received, now);
        countWebhook(endpoint.path, verdict, startedMs);
        return reply.code(202).send({ verdict, eventIds, ...(because && { because }) });
      } catch (error) {
        request.log.warn({ err: error, endpoint: endpoint.name, account: name }, "the database is down: spooling");
      }
    }
    await options.spool.put({
      receivedAt: now.toISOString(),
      account: name,
      path: endpoint.path,
      headers: storedHeaders(headers, account),
      contentType: received.contentType,
      body: rawBody.toString("base64"),
    });
    countWebhook(endpoint.path, "stored", startedMs);
    return reply.code(202).send({ verdict: "stored", eventIds: [] });
  }

  async function store(endpoint: Endpoint, account: IngressAccount, received: Received, now: Date): Promise<Receipt> {
    const receipt = await receive(endpoint, account, received, { log: options.log, keyring: options.keyring, now });
    const { verdict, delivery, because, defect } = receipt;
    const { logger } = options;
    if (defect !== undefined) logger.error({ err: defect, correlationId: delivery }, "webhook parked by a defect");
    const about = { endpoint: endpoint.name, account: account.name, verdict, because, correlationId: delivery };
    logger.info(about, "webhook");
    return receipt;
  }

  /** What waited is received as it would have been, at its own time. A second copy of what was stored is a duplicate. */
  async function takeSpooled({
    account: name,
    path,
    receivedAt,
    headers,
    contentType,
    body,
  }: Spooled): Promise<boolean> {
    const endpoint = endpoints.find((one) => one.path === path);
    const account = accounts.get(name);
    if (!endpoint || !account) return false;
    const received = { headers, contentType, rawBody: Buffer.from(body, "base64") };
    await store(endpoint, account, received, new Date(receivedAt));
    return true;
  }

  function onError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
      countFailure(request, "too-large");
      return reply.code(413).send({ error: `a webhook body may have at most ${bodyBytesMax} bytes` });
    }
    const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 500;
    if (status < 500) return reply.code(status).send({ error: "the request could not be read" });
    countFailure(request, "failed");
    request.log.error({ err: error }, "a request could not be answered");
    const what = request.method === "POST" ? "it could not be stored now, send it again" : "it cannot be read now";
    return reply.code(503).header("retry-after", retryAfterSeconds).send({ error: what });
  }
}

/** What was answered before or after its endpoint could say a verdict; its route says which one it was for. */
function countFailure({ method, routeOptions }: FastifyRequest, verdict: string): void {
  const endpoint = endpoints.find(({ path }) => routeOptions.url?.endsWith(path));
  if (method === "POST" && endpoint) countWebhook(endpoint.path, verdict);
}

/** Looks once a second whether something waits; what cannot be stored yet is tried again then. */
function drainWhileRunning(app: FastifyInstance, spool: Spool, take: (entry: Spooled) => Promise<boolean>): void {
  let isDraining = false;
  let draining = Promise.resolve();
  const drain = async () => {
    isDraining = true;
    await spool
      .drain(take, (file) => app.log.error({ file }, "a spooled delivery cannot be taken and is kept aside"))
      .catch((error: unknown) => app.log.warn({ err: error, waiting: spool.waiting() }, "the spool waits"));
    isDraining = false;
  };
  const timer = setInterval(() => {
    if (spool.waiting() > 0 && !isDraining) draining = drain();
  }, drainEveryMs);
  app.addHook("onClose", async () => {
    clearInterval(timer);
    await draining;
  });
}

/** Fastify answers 415 to a Content-Type that is no media type (`json`). Here it decides nothing, so Fastify never sees it. */
function takeAnyContentType(app: FastifyInstance): void {
  const given = new WeakMap<FastifyRequest, string>();
  app.addHook("onRequest", (request, _reply, done) => {
    const { "content-type": type, ...others } = request.raw.headers;
    if (type !== undefined && type !== "application/json") {
      given.set(request, type);
      request.raw.headers = others;
    }
    done();
  });
  app.addHook("preHandler", (request, _reply, done) => {
    const type = given.get(request);
    if (type !== undefined) request.raw.headers["content-type"] = type;
    done();
  });
}

function queryToken(request: FastifyRequest): string | undefined {
  const query = request.query;
  const token = typeof query === "object" && query !== null && "token" in query ? query.token : undefined;
  return typeof token === "string" ? token : undefined;
}
