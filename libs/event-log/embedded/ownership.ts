import { randomUUID } from "node:crypto";
import { readdir, readlink, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readIfPresent, writePrivate } from "./files.ts";
import { isAlive, startMark, waitUntil } from "./processes.ts";

/** Who claims a data directory. `space` names the machine, start of the machine and container that `pid` counts in. */
type Claim = { pid: number; started: string; space: string };

/** An owner touches its claim this often … */
const heartbeatMs = 1_000;

/** … and one in another container is taken for dead when nothing moved for this long: three missed beats. */
const silenceMs = 3_500;

/** Two that claim at the same moment both step back and try again after a random pause; then the directory is taken. */
const attemptsMax = 6;
const pauseMaxMs = 150;

const claimName = /^owner-[\w-]+\.json$/;

/**
 * Makes this process the only owner of the directory, and returns how to give it up. First put up the own claim, then
 * look for others': of two processes at least one sees the other, so never both own. Claims of the dead are removed.
 *
 * @throws Error when a live process owns it.
 */
export async function takeOwnership(options: {
  home: string;
  dataDir: string;
  space?: string;
  silenceMs?: number;
}): Promise<() => Promise<void>> {
  const { home } = options;
  const space = options.space ?? (await processSpace());
  const claim: Claim = { pid: process.pid, started: (await startMark(process.pid)) ?? "", space };

  for (let attempt = 1; ; attempt++) {
    const own = `owner-${randomUUID()}.json`;
    const path = await writePrivate(home, own, JSON.stringify(claim));
    const release = beatUntilReleased(path);
    const rival = await findLiveClaim({ home, own, space, silenceMs: options.silenceMs ?? silenceMs });
    if (!rival) return release;
    await release();
    if (attempt === attemptsMax) throw alreadyRunning(options.dataDir, rival);
    await delay(Math.random() * pauseMaxMs);
  }
}

function beatUntilReleased(path: string): () => Promise<void> {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {}); // removed by hand: this process can do no more than go on
  }, heartbeatMs);
  beat.unref();
  return async () => {
    clearInterval(beat);
    await rm(path, { force: true });
  };
}

type Rival = { path: string; claim: Claim };

async function findLiveClaim(options: {
  home: string;
  own: string;
  space: string;
  silenceMs: number;
}): Promise<Rival | undefined> {
  for (const name of await readdir(options.home)) {
    if (!claimName.test(name) || name === options.own) continue;
    const path = join(options.home, name);
    const text = await readIfPresent(path);
    if (text === undefined) continue;
    const claim = parseClaim(text);
    if (claim && (await isLive(path, claim, options))) return { path, claim };
    await rm(path, { force: true });
  }
  return undefined;
}

async function isLive(path: string, claim: Claim, here: { space: string; silenceMs: number }): Promise<boolean> {
  if (claim.space === here.space) {
    if (!isAlive(claim.pid)) return false;
    const started = await startMark(claim.pid);
    return started === undefined || claim.started === "" || started === claim.started;
  }
  const touched = async () => (await stat(path).catch(() => undefined))?.mtimeMs;
  const before = await touched();
  if (before === undefined) return false;
  return waitUntil(async () => {
    const now = await touched();
    return now !== undefined && now !== before;
  }, here.silenceMs);
}

function parseClaim(text: string): Claim | undefined {
  try {
    const { pid, started, space } = JSON.parse(text) as Record<string, unknown>;
    if (typeof pid !== "number" || typeof started !== "string" || typeof space !== "string") return undefined;
    return { pid, started, space };
  } catch {
    return undefined; // not a claim that we wrote: claims appear complete
  }
}

/** Process ids count per boot and per container, and /proc names both; elsewhere there is only the machine. */
async function processSpace(): Promise<string> {
  if (process.platform !== "linux") return hostname();
  const boot = await readIfPresent("/proc/sys/kernel/random/boot_id");
  return `${boot?.trim()} ${await readlink("/proc/self/ns/pid").catch(() => hostname())}`;
}

function alreadyRunning(dataDir: string, { path, claim }: Rival): Error {
  return new Error(
    `Callbridge is already running with DATA_DIR ${dataDir} (pid ${claim.pid}). Stop it first, or give this one a ` +
      `DATA_DIR or DATABASE_URL of its own. If pid ${claim.pid} is no Callbridge, delete ${path}.`,
  );
}
