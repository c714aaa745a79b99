import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { query, type Servers } from "./servers.ts";

export type Machine = Record<string, string | number>;

/** What the figures depend on and a reader cannot guess. */
export async function machine(servers: Servers): Promise<Machine> {
  const [settings = {}] = await query(
    servers.postgresUrl,
    `select current_setting('server_version') as version, current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as "synchronousCommit", current_setting('shared_buffers') as "sharedBuffers"`,
  );
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    loadBefore: Number(loadavg()[0]?.toFixed(2)),
    node: process.version,
    postgres: String(settings.version),
    fsync: String(settings.fsync),
    synchronousCommit: String(settings.synchronousCommit),
    sharedBuffers: String(settings.sharedBuffers),
    fastify: versionOf("fastify"),
    pg: versionOf("pg"),
    nats: versionOf("@nats-io/jetstream"),
    autocannon: versionOf("autocannon"),
  };
}

function versionOf(name: string): string {
  const file = join(import.meta.dirname, "../node_modules", name, "package.json");
  const { version }: { version: string } = JSON.parse(readFileSync(file, "utf8"));
  return version;
}
