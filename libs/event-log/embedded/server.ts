import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, rename, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Binaries } from "./binaries.ts";
import { errorCode, giveTo, readIfPresent } from "./files.ts";
import type { Home } from "./home.ts";
import { readPostmaster, stopPostmaster } from "./postmaster.ts";
import { cannotRun, cleanEnvironment, lastLines, waitUntil } from "./processes.ts";

/** How PostgreSQL ended. `asked` is false for a crash: nobody had called `stop()`. */
export type Exit = { asked: boolean; code: number | null; signal: string | null };

export type Server = { port: number; pid: number; exited: Promise<Exit>; stop(): Promise<void> };

/** 0.2 s as a rule; after a crash it first replays the write-ahead log, of which there is at most some 256 MB. */
const readyTimeoutMs = 120_000;

/** A port taken in the moment between choosing and using it, or helpers of a killed server that still end. */
const passing = /could not bind|could not create any TCP|shared memory block .* is still in use/;
const attemptsMax = 40;
const pauseMs = 500;

const settings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  // A laptop's share. The log is read in order and mostly from the system's cache.
  shared_buffers: "64MB",
  max_connections: "60",
  max_wal_size: "256MB",
  // The promise "2xx means durable" rests on these; said here so that no postgresql.conf edit undoes it.
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  timezone: "UTC",
  log_timezone: "UTC",
  // Only what the server itself has to say: statements fail at their callers, and their text may hold personal data.
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_checkpoints: "off",
};

/** Starts the server on a free port of 127.0.0.1 and waits until it takes connections. */
export async function startServer(options: { home: Home; bin: Binaries }): Promise<Server> {
  const { home, bin } = options;
  const logFile = join(home.directory, "postgres.log");
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = await spawnServer({ home, bin, port, logFile });
    const server = supervise(child, port, bin);
    const ready = await becomesReady(child, home.cluster);
    if (ready) return server;
    await server.stop();
    const said = lastLines((await readIfPresent(logFile)) ?? "");
    if (attempt === attemptsMax || !passing.test(said)) {
      throw new Error(
        `PostgreSQL did not start in ${home.cluster}. It wrote to ${logFile}: ${said} ` +
          "Remove the obstacle, or set DATABASE_URL to a PostgreSQL of your own.",
      );
    }
    await delay(pauseMs);
  }
}

async function spawnServer(options: {
  home: Home;
  bin: Binaries;
  port: number;
  logFile: string;
}): Promise<ChildProcess> {
  const { home, bin, port, logFile } = options;
  const log = await openLog(home, logFile);
  try {
    const all = { ...settings, port: String(port) };
    const child = spawn(
      bin.postgres,
      ["-D", home.cluster, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      {
        cwd: home.directory,
        env: cleanEnvironment,
        // Its own process group: Ctrl+C in the terminal reaches us alone, and we still need the database to drain.
        detached: true,
        windowsHide: true,
        stdio: ["ignore", log.fd, log.fd],
        ...(home.account && { uid: home.account.uid, gid: home.account.gid }),
      },
    );
    child.unref();
    await once(child, "spawn");
    return child;
  } catch (error) {
    throw cannotRun(bin.postgres, error);
  } finally {
    await log.close();
  }
}

/** One log per start, and the one before it: after a crash that is the interesting one. */
async function openLog(home: Home, logFile: string) {
  await rename(logFile, join(home.directory, "postgres.previous.log")).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error;
  });
  const log = await open(logFile, "wx", 0o600);
  await giveTo(await stat(home.directory), logFile);
  return log;
}

function supervise(child: ChildProcess, port: number, bin: Binaries): Server {
  const pid = child.pid ?? 0;
  let asked = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ asked, code, signal }));
  });
  const stop = async () => {
    asked = true;
    child.ref();
    if (!hasEnded(child)) await stopPostmaster(pid, bin);
    await exited;
  };
  return { port, pid, exited, stop };
}

/** The server says so in its pid file; asking the port could meet a stranger who took it first. */
async function becomesReady(child: ChildProcess, cluster: string): Promise<boolean> {
  let ready = false;
  await waitUntil(async () => {
    const postmaster = await readPostmaster(cluster);
    ready = postmaster?.pid === child.pid && postmaster?.ready === true;
    return ready || hasEnded(child);
  }, readyTimeoutMs);
  return ready && !hasEnded(child);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("No free port on 127.0.0.1.");
  return address.port;
}
