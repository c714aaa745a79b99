import { readFileSync } from "node:fs";
import { connect, credsAuthenticator, type NatsConnection } from "@nats-io/transport-node";

/** Connects and keeps reconnecting for ever: NATS may be down for days without anything being lost. */
export async function connectNats(options: {
  url: string;
  credsFile?: string | undefined;
  name: string;
}): Promise<NatsConnection> {
  return connect({
    servers: options.url.split(","),
    name: options.name,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    // Nearly doubles the publishing rate; the price is that stack traces of rejected requests end in the client.
    noAsyncTraces: true,
    ...(options.credsFile && { authenticator: credsAuthenticator(readFileSync(options.credsFile)) }),
  });
}
