import { randomBytes } from "node:crypto";
import { chmod, chown, link, mkdir, realpath, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Account, chooseAccount, firstBarrier } from "./account.ts";
import { errorCode, exists, giveTo, readIfPresent, writePrivate } from "./files.ts";

/** Where one data directory's PostgreSQL lives, and as whom it runs. */
export type Home = {
  /** Belongs to the owner of the data directory; PostgreSQL's own user may pass it, not write to it. */
  directory: string;
  /** PostgreSQL's data directory, in `directory`. */
  cluster: string;
  account: Account | undefined;
};

/** In the data directory, when the database had to go elsewhere: one line, the path. */
const noteName = "postgres.location";

/** Survives a reboot and every user may pass it, by the file system hierarchy standard. */
const sharedParent = "/var/lib";

/**
 * `postgres` in the data directory. Only when root runs us and the user that PostgreSQL runs as cannot get there (a clone
 * below /root, which is 0700): a new folder in `/var/lib`, noted in the data directory. The name is random, so that a
 * deleted data directory means an empty database and not the former one with keys that are gone.
 */
export async function chooseHome(options: {
  dataDir: string;
  log: (message: string) => void;
  parent?: string;
}): Promise<Home> {
  await mkdir(options.dataDir, { recursive: true }).catch((error: unknown) => {
    throw new Error(`DATA_DIR ${options.dataDir} cannot be created. Set DATA_DIR to a folder that can be written.`, {
      cause: error,
    });
  });
  const dataDir = await realpath(options.dataDir);
  const noted = (await readIfPresent(join(dataDir, noteName)))?.trim();
  if (noted) return notedHome(dataDir, noted);

  const directory = join(dataDir, "postgres");
  const cluster = join(directory, "cluster");
  const account = await chooseAccount({ cluster, dataDir });
  if (account) await openToGroup(account, dataDir);
  const barrier = await firstBarrier(account, dataDir);
  if (account && barrier) {
    if (await exists(cluster)) throw unreachable(account, barrier, cluster);
    return relocate({ dataDir, account, barrier, parent: options.parent ?? sharedParent, log: options.log });
  }
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw new Error(`DATA_DIR ${dataDir} cannot be written. Set DATA_DIR to a folder that can.`, { cause: error });
  });
  await refuseForeign(directory);
  await chmod(directory, account ? 0o711 : 0o700);
  await giveTo(await stat(dataDir), directory);
  return { directory, cluster, account };
}

/**
 * A data directory that is root's alone (0700, as `mkdtemp` makes them, or for the secrets in it) lets the group of
 * PostgreSQL's user pass, and only pass (0710). Folders above it are not ours to open, and neither is root's home.
 */
async function openToGroup(account: Account, dataDir: string): Promise<void> {
  const { uid, gid, mode } = await stat(dataDir);
  if (uid !== 0 || gid !== 0 || (mode & 0o077) !== 0 || dataDir === homedir()) return;
  await chown(dataDir, uid, account.gid);
  await chmod(dataDir, 0o710);
}

/** An ordinary user cannot run what another user's start made (root can: it becomes that user). */
async function refuseForeign(directory: string): Promise<void> {
  const self = process.getuid?.();
  const owner = (await stat(directory)).uid;
  if (self === undefined || self === 0 || self === owner) return;
  throw new Error(
    `The database in ${directory} was made by another user (uid ${owner}, this is uid ${self}). ` +
      "Start Callbridge as that user, or set DATA_DIR to another folder.",
  );
}

async function notedHome(dataDir: string, directory: string): Promise<Home> {
  const cluster = join(directory, "cluster");
  try {
    await refuseForeign(directory);
    const account = await chooseAccount({ cluster, dataDir });
    const barrier = await firstBarrier(account, directory);
    if (account && barrier) throw unreachable(account, barrier, cluster);
    return { directory, cluster, account };
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new Error(
      `The database of ${dataDir} is in ${directory}, says ${join(dataDir, noteName)}, but that folder is gone. ` +
        "Bring it back, or delete that file to begin with an empty database.",
      { cause: error },
    );
  }
}

async function relocate(options: {
  dataDir: string;
  account: Account;
  barrier: string;
  parent: string;
  log: (message: string) => void;
}): Promise<Home> {
  const { dataDir, account, barrier } = options;
  const directory = join(options.parent, `callbridge-${randomBytes(4).toString("hex")}`);
  try {
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o711);
  } catch (error) {
    throw new Error(
      `PostgreSQL runs as '${account.name}', who may not pass ${barrier}, and ${directory} cannot be made instead. ` +
        `Set DATA_DIR to a folder that '${account.name}' can reach, or set DATABASE_URL.`,
      { cause: error },
    );
  }
  await writePrivate(directory, "belongs-to", `${dataDir}\n`);
  const draft = await writePrivate(dataDir, `${noteName}-${randomBytes(4).toString("hex")}`, `${directory}\n`);
  await chmod(draft, 0o644); // no secret, and another user's start can then say whose database it is
  try {
    await link(draft, join(dataDir, noteName));
    options.log(
      `The database of ${dataDir} goes to ${directory}: '${account.name}', its user, may not pass ${barrier}`,
    );
    return { directory, cluster: join(directory, "cluster"), account };
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    await rm(directory, { recursive: true }); // another process decided at the same time; its note stands
    return chooseHome({ dataDir, log: options.log, parent: options.parent });
  } finally {
    await rm(draft, { force: true });
  }
}

function unreachable(account: Account, barrier: string, cluster: string): Error {
  return new Error(
    `The database in ${cluster} runs as '${account.name}', who may not pass ${barrier}. ` +
      `Allow it (chmod o+x ${barrier}), move the data directory to a reachable place, or set DATABASE_URL.`,
  );
}
