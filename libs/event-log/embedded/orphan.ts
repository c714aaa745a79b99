import { rm, stat } from "node:fs/promises";
import type { Binaries } from "./binaries.ts";
import { postmasterFile, readPostmaster, stopPostmaster } from "./postmaster.ts";
import { commandLine, isAlive } from "./processes.ts";

/**
 * A server outlives an owner that was killed. It is ended rather than adopted: the new owner then has a child whose end
 * it sees, with this version's settings. A `postmaster.pid` whose process is gone, or is now some other program, is
 * removed, because PostgreSQL would refuse to start while any process of its user has that id. Where neither is certain,
 * the file stays and PostgreSQL decides.
 */
export async function stopOrphan(options: {
  cluster: string;
  bin: Binaries;
  log: (message: string) => void;
}): Promise<void> {
  const { cluster } = options;
  const found = await readPostmaster(cluster);
  if (!found) return;
  const standing = isAlive(found.pid) ? await standingOf(found.pid, cluster) : "stale";
  if (standing === "ours") {
    await stopPostmaster(found.pid, options.bin);
    options.log(`Ended the PostgreSQL (pid ${found.pid}) that an earlier Callbridge left running`);
  }
  if (standing !== "uncertain") await rm(postmasterFile(cluster), { force: true });
}

async function standingOf(pid: number, cluster: string): Promise<"ours" | "stale" | "uncertain"> {
  const command = await commandLine(pid);
  if (command === undefined) return isAlive(pid) ? "uncertain" : "stale";
  const served = servedDirectory(command);
  if (served === undefined) return "stale";
  try {
    const [theirs, ours] = await Promise.all([stat(served), stat(cluster)]);
    return theirs.dev === ours.dev && theirs.ino === ours.ino ? "ours" : "stale";
  } catch {
    return "uncertain"; // a server whose directory was moved or hidden: perhaps ours
  }
}

/** The data directory that a command line makes PostgreSQL serve; `undefined` when it is some other program's. */
export function servedDirectory(command: string): string | undefined {
  if (!/postgres(\.exe)?"? /.test(command)) return undefined;
  return / -D "?(.+?)"?(?: -c | *$)/.exec(command)?.[1];
}
