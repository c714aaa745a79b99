import { accountOfState, ConnectError, callbackPaths, type GhlConnection } from "@callbridge/connections";
import { VendorError } from "@callbridge/vendor";
import type { FastifyInstance } from "fastify";

/** A page of ours that loads nothing, tells nobody where it was, and holds nothing of what came with the request. */
const headers = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};
const page = (title: string, text: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${text}</p></html>\n`;

const connected = page("Connected", "Callbridge is connected to this GoHighLevel location. You can close this page.");
const stale = page(
  "Not connected",
  "This link is not known, used up or too old, or the consent was for another location. Run <code>callbridge ghl connect</code> again.",
);
const refused = page(
  "Not connected",
  "GoHighLevel gave no token now. Run <code>callbridge ghl connect</code> again; <code>callbridge ghl status</code> and the log of ingress say more.",
);

/**
 * Where GHL's consent page sends the browser back to. It is the one place where ingress asks a vendor: the code is good
 * for minutes, and whoever consented waits for the answer.
 */
export function serveGhlConsent(app: FastifyInstance, connections: ReadonlyMap<string, GhlConnection>): void {
  for (const path of callbackPaths) {
    // A HEAD request of a curious program must not use up the code.
    app.get<{ Querystring: Record<string, unknown> }>(path, { exposeHeadRoute: false }, async (request, reply) => {
      reply.headers(headers);
      const { code, state } = request.query;
      const connection = typeof state === "string" ? connections.get(accountOfState(state)) : undefined;
      if (!connection || typeof code !== "string" || typeof state !== "string") return reply.code(400).send(stale);
      try {
        const { kind, trouble } = await connection.comeBack(code, state);
        request.log.info({ account: accountOfState(state), kind, trouble }, "GHL is connected");
        return trouble === undefined ? reply.send(connected) : reply.code(502).send(refused);
      } catch (error) {
        if (!(error instanceof ConnectError) && !(error instanceof VendorError)) throw error;
        request.log.warn({ err: error, account: accountOfState(state) }, "GHL could not be connected");
        return error instanceof ConnectError ? reply.code(400).send(stale) : reply.code(502).send(refused);
      }
    });
  }
}
