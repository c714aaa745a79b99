import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the servers of an integration run come from, best first: named by the environment, Docker, this machine. */
export type Running = { url: string; stop: () => Promise<void> };

/** PostgreSQL: `DATABASE_URL`, else a container, else the embedded one that `npm start` uses. */
export async function postgresForTests(env: NodeJS.ProcessEnv): Promise<Running> {
  if (env.DATABASE_URL) return { url: env.DATABASE_URL, stop: async () => undefined };
  if (dockerAnswers()) {
    const { GenericContainer, Wait } = await import("testcontainers");
    const container = await new GenericContainer("postgres:17-bookworm")
      .withEnvironment({ POSTGRES_PASSWORD: "test" })
      .withExposedPorts(5432)
      .withWaitStrategy(Wait.forListeningPorts())
      .start();
    const url = `postgres://postgres:test@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
    return { url, stop: async () => void (await container.stop()) };
  }
  const { startEmbeddedPostgres } = await import("@callbridge/event-log/embedded");
  const dataDir = await mkdtemp(join(tmpdir(), "callbridge-test-"));
  const server = await startEmbeddedPostgres({ dataDir });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** NATS with JetStream: `NATS_URL`, else a container, else the machine's `nats-server`. Undefined: there is none here. */
export async function natsForTests(env: NodeJS.ProcessEnv): Promise<Running | undefined> {
  if (env.NATS_URL) return { url: env.NATS_URL, stop: async () => undefined };
  if (dockerAnswers()) {
    const { GenericContainer, Wait } = await import("testcontainers");
    const container = await new GenericContainer("nats:2")
      .withCommand(["-js"])
      .withExposedPorts(4222)
      .withWaitStrategy(Wait.forListeningPorts())
      .start();
    const url = `nats://${container.getHost()}:${container.getMappedPort(4222)}`;
    return { url, stop: async () => void (await container.stop()) };
  }
  if (!natsServerIsInstalled()) return undefined;
  return startNatsServer(await freePort());
}

/** One answer for the configuration (which projects to run) and for the set-up (what to start). */
export function natsIsAvailable(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.NATS_URL) || natsServerIsInstalled() || dockerAnswers();
}

/** A `nats-server` of our own, on its own port and directory, so that a test may stop and wipe it. */
export async function startNatsServer(
  port: number,
  storeDir?: string,
): Promise<Running & { kill: () => Promise<void> }> {
  const directory = storeDir ?? (await mkdtemp(join(tmpdir(), "callbridge-nats-")));
  const server = spawn("nats-server", ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", directory], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.on("exit", (code) => reject(new Error(`nats-server ended with ${code}`)));
    server.stderr.on("data", (text: Buffer) => text.includes("Server is ready") && resolve());
  });
  const end = (signal: NodeJS.Signals) =>
    new Promise<void>((resolve) => {
      if (server.exitCode !== null || server.signalCode !== null) return resolve();
      server.once("exit", () => resolve());
      server.kill(signal);
    });
  return {
    url: `nats://127.0.0.1:${port}`,
    kill: () => end("SIGKILL"),
    stop: async () => {
      await end("SIGTERM");
      if (!storeDir) await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

const natsServerIsInstalled = () => spawnSync("nats-server", ["--version"]).status === 0;

let docker: boolean | undefined;
function dockerAnswers(): boolean {
  docker ??= spawnSync("docker", ["version"], { timeout: 5_000 }).status === 0;
  return docker;
}
