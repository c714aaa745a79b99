import { deleteStream, topology } from "@callbridge/bus";
import type { Config } from "./config.ts";

/** Deletes this installation's stream in NATS, if it has one: how many messages it held. The relay builds it again. */
export async function deleteEventStream({
  NATS_URL: url,
  NATS_CREDS: credsFile,
  NATS_PREFIX: prefix,
}: Config): Promise<number | undefined> {
  return url === undefined ? undefined : deleteStream({ url, credsFile, topology: topology(prefix) });
}
