import { readFileSync } from "node:fs";
import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from "@nats-io/jetstream";
import { connect, credsAuthenticator } from "@nats-io/transport-node";
import type { Topology } from "./topology.ts";

/** A person waits for the answer. */
const timeoutMs = 5_000;

/**
 * Deletes the stream and its consumers; the relay builds it again from the lowest mark, consumers make themselves anew.
 * Answers how many messages it held, undefined when there was none. Throws when NATS cannot be reached in time.
 */
export async function deleteStream(options: {
  url: string;
  credsFile?: string | undefined;
  topology: Topology;
}): Promise<number | undefined> {
  const nats = await connect({
    servers: options.url.split(","),
    name: "callbridge-cli",
    reconnect: false,
    timeout: timeoutMs,
    ...(options.credsFile && { authenticator: credsAuthenticator(readFileSync(options.credsFile)) }),
  });
  try {
    const { streams } = await jetstreamManager(nats);
    const { state } = await streams.info(options.topology.stream);
    await streams.delete(options.topology.stream);
    return state.messages;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
    throw error;
  } finally {
    await nats.close();
  }
}
