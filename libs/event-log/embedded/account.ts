import { readFile, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { exists } from "./files.ts";

/** The unprivileged user that PostgreSQL runs as; `undefined` stands for "whoever runs this process". */
export type Account = { name: string; uid: number; gid: number };

type Permissions = { uid: number; gid: number; mode: number };

/** In this order: the user made for it, then the one that every Unix has. */
const preferredNames = ["postgres", "nobody"];

/**
 * PostgreSQL refuses to run as root, so root picks somebody else: the owner of what exists already (an ordinary user's
 * clone started with sudo stays that user's), else `postgres`, else `nobody`.
 */
export async function chooseAccount(paths: { cluster: string; dataDir: string }): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = parsePasswd(await readFile("/etc/passwd", "utf8"));

  if (await exists(paths.cluster)) {
    const { uid, gid } = await stat(paths.cluster);
    if (uid !== 0) return accounts.find((account) => account.uid === uid) ?? { name: `user ${uid}`, uid, gid };
  }
  const owner = (await stat(paths.dataDir)).uid;
  const wanted = [
    ...accounts.filter((account) => account.uid === owner),
    ...preferredNames.flatMap((name) => accounts.filter((account) => account.name === name)),
  ];
  const chosen = wanted.find((account) => account.uid !== 0);
  if (chosen) return chosen;
  throw new Error(
    "PostgreSQL does not run as root, and /etc/passwd has neither a user 'postgres' nor 'nobody' to run it as. " +
      "Create one, start Callbridge as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.",
  );
}

export function parsePasswd(text: string): Account[] {
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/** The first folder on the way to `path` that the account may not pass (or `path`, if it may not enter or run it). */
export async function firstBarrier(account: Account | undefined, path: string): Promise<string | undefined> {
  if (!account) return undefined;
  const steps = [await realpath(path)];
  for (let step = dirname(steps[0] ?? "/"); step !== steps[0]; step = dirname(step)) steps.unshift(step);
  for (const step of steps) {
    if (!mayPass(account, await stat(step))) return step;
  }
  return undefined;
}

/** The kernel's rule: the first class that fits decides, also when a later one would allow more. */
export function mayPass(account: Account, permissions: Permissions): boolean {
  if (permissions.uid === account.uid) return (permissions.mode & 0o100) !== 0;
  if (permissions.gid === account.gid) return (permissions.mode & 0o010) !== 0;
  return (permissions.mode & 0o001) !== 0;
}
