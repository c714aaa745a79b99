import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Binaries } from "./binaries.ts";
import { exists, giveTo, readIfPresent, syncDirectory, writePrivate } from "./files.ts";
import type { Home } from "./home.ts";
import { cannotRun, lastLines, runToEnd } from "./processes.ts";

/** initdb takes 0.7 s on a laptop's disk; a slow network disk may need a minute. */
const initTimeoutMs = 180_000;

export const userName = "callbridge";

/**
 * Creates PostgreSQL's data directory, once: beside its place, then moved there in one step, so that an interrupted
 * attempt is never taken for a database. initdb's own sync is left on: what it wrote, no later commit would sync.
 */
export async function prepareCluster(options: {
  home: Home;
  bin: Binaries;
  log: (message: string) => void;
}): Promise<void> {
  const { home, bin } = options;
  if (await exists(home.cluster)) return;
  options.log(`Creating the database in ${home.cluster} (once)`);

  const password = randomBytes(24).toString("hex");
  await writePrivate(home.directory, "password", password);
  const draft = `${home.cluster}.new-${randomUUID()}`;
  await mkdir(draft, { mode: 0o700 });
  const passwordFile = await writePrivate(draft, "password", password);
  if (home.account) {
    await giveTo(home.account, draft);
    await giveTo(home.account, passwordFile);
  }
  const args = [
    ...["--pgdata", join(draft, "cluster"), "--username", userName, "--pwfile", passwordFile],
    ...["--auth", "scram-sha-256", "--encoding", "UTF8"],
    // The same order and case rules on every machine, whatever its language settings are.
    ...["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"],
  ];
  const { code, output } = await runToEnd(bin.initdb, args, {
    cwd: draft,
    ...(home.account && { account: home.account }),
    timeoutMs: initTimeoutMs,
  }).catch((error: unknown) => {
    throw cannotRun(bin.initdb, error);
  });
  if (code !== 0) {
    throw new Error(
      `The embedded database could not be created in ${home.directory}: ${lastLines(output)} ` +
        "Remove the obstacle, or set DATABASE_URL to a PostgreSQL of your own.",
    );
  }
  await rename(join(draft, "cluster"), home.cluster);
  await syncDirectory(home.directory);
  await rm(draft, { recursive: true, force: true });
}

export async function readPassword(home: Home): Promise<string> {
  const path = join(home.directory, "password");
  const password = (await readIfPresent(path))?.trim();
  if (password) return password;
  throw new Error(`${path} is missing: the database beside it opens with no other password. Restore it from a backup.`);
}

/** What an interrupted start left behind, and programs of former versions. Called by the owner of the home only. */
export async function removeLeftovers(home: Home, bin: Binaries): Promise<void> {
  for (const name of await readdir(home.directory)) {
    const path = join(home.directory, name);
    const former = name.startsWith("binaries-") && !bin.postgres.startsWith(path);
    if (!former && !name.startsWith("cluster.new-")) continue;
    // An initdb that outlived its parent may still write there; what then stays is removed at the next start.
    await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}
