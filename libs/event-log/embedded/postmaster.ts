import { join } from "node:path";
import type { Binaries } from "./binaries.ts";
import { readIfPresent } from "./files.ts";
import { isAlive, runToEnd, waitUntil } from "./processes.ts";

/** A fast shutdown cuts clients off and writes a checkpoint: tens of milliseconds, seconds on a slow disk. */
const fastStopMs = 20_000;

/** An immediate shutdown writes nothing; the next start replays the write-ahead log. Nothing committed is lost. */
const immediateStopMs = 5_000;

/** What the running server says in its `postmaster.pid`. */
export type Postmaster = { pid: number; port: number | undefined; ready: boolean };

export function postmasterFile(cluster: string): string {
  return join(cluster, "postmaster.pid");
}

export async function readPostmaster(cluster: string): Promise<Postmaster | undefined> {
  return parsePostmaster((await readIfPresent(postmasterFile(cluster))) ?? "");
}

/** Lines: pid, data directory, start time, port, socket directory, address, shared memory key, status. */
export function parsePostmaster(text: string): Postmaster | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3]) || undefined, ready: lines[7] === "ready" };
}

/** Ends a server and waits until it is gone. */
export async function stopPostmaster(pid: number, bin: Binaries): Promise<void> {
  const gone = () => !isAlive(pid);
  await signal(pid, "INT", bin);
  if (await waitUntil(gone, fastStopMs)) return;
  await signal(pid, "QUIT", bin);
  if (await waitUntil(gone, immediateStopMs)) return;
  throw new Error(`PostgreSQL (pid ${pid}) does not end, ${fastStopMs + immediateStopMs} ms after it was asked to.`);
}

async function signal(pid: number, name: "INT" | "QUIT", bin: Binaries): Promise<void> {
  if (process.platform === "win32") {
    await runToEnd(bin.pgCtl, ["kill", name, String(pid)]); // Node's signals end a Windows process on the spot
    return;
  }
  try {
    process.kill(pid, `SIG${name}`);
  } catch (error) {
    if (isAlive(pid)) throw error;
  }
}
