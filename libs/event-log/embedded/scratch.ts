import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readIfPresent } from "./files.ts";
import { readPostmaster } from "./postmaster.ts";
import { isAlive, waitUntil } from "./processes.ts";

/** A data directory for one test, which nobody else may enter. */
export function makeScratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), "callbridge-embedded-"));
}

/** Removes it, with what it led to elsewhere; ends a server that a failed test left, and names that as a leak. */
export async function removeScratch(directory: string): Promise<void> {
  const homes = [(await readIfPresent(join(directory, "postgres.location")))?.trim(), join(directory, "postgres")];
  const leaks: number[] = [];
  for (const home of homes.filter((path) => path !== undefined)) {
    const left = await readPostmaster(join(home, "cluster"));
    if (left && isAlive(left.pid)) {
      process.kill(left.pid, "SIGQUIT");
      await waitUntil(() => !isAlive(left.pid), 5_000);
      leaks.push(left.pid);
    }
    await rm(home, { recursive: true, force: true, maxRetries: 10 });
  }
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  if (leaks.length > 0) throw new Error(`The test left PostgreSQL running (pid ${leaks.join(", ")}).`);
}

export async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(() => [])).sort();
}
