import { readFileSync } from "node:fs";
import { AuthorizationError, connect, credsAuthenticator, type NatsConnection } from "@nats-io/transport-node";

/** A server that does not answer within this is taken for down, and asked again by whoever needs it. */
const connectTimeoutMs = 5_000;

/**
 * The one connection of a process to NATS, made when it is first needed and kept for ever after: NATS may be down for days,
 * also while we start, without anything being lost.
 */
export type Nats = {
  /** @throws NatsRefusal, or Error when no server can be reached now. */
  connection: () => Promise<NatsConnection>;
  close: () => Promise<void>;
};

/** The server is there and does not want us: waiting cannot help. */
export class NatsRefusal extends Error {
  override readonly name = "NatsRefusal";
}

export function openNats(options: { url: string; credsFile?: string | undefined; name: string }): Nats {
  const servers = options.url.split(",").map((server) => server.trim());
  let connecting: Promise<NatsConnection> | undefined;

  const attempt = async () => {
    try {
      return await connect({
        servers,
        name: options.name,
        timeout: connectTimeoutMs,
        maxReconnectAttempts: -1,
        // Nearly doubles the publishing rate; the price is that stack traces of rejected requests end in the client.
        noAsyncTraces: true,
        ...(options.credsFile && { authenticator: credsAuthenticator(readFileSync(options.credsFile)) }),
      });
    } catch (cause) {
      connecting = undefined;
      const because = cause instanceof Error ? cause.message : String(cause);
      const names = servers.map(withoutPassword).join(", ");
      if (cause instanceof AuthorizationError)
        throw new NatsRefusal(`NATS at ${names} refuses us: ${because}`, { cause });
      throw new Error(`NATS at ${names} cannot be reached: ${because}`, { cause });
    }
  };
  return {
    connection: () => {
      connecting ??= attempt();
      return connecting;
    },
    close: async () => {
      const connected = await connecting?.catch(() => undefined);
      await connected?.drain();
    },
  };
}

const withoutPassword = (server: string) => server.replace(/[^/]*@/, "");
