import { randomUUID } from "node:crypto";
import { access, chown, open, readFile, rename, stat } from "node:fs/promises";

type Owner = { uid: number; gid: number };

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    },
  );
}

/** The text of a file, `undefined` when there is none. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Writes a file of mode 0600 that is complete and on disk as soon as it is visible, also after a power cut. It belongs to
 * whom its directory belongs to, so that one start with sudo does not lock the directory's owner out.
 */
export async function writePrivate(directory: string, name: string, text: string): Promise<string> {
  const path = `${directory}/${name}`;
  const draft = `${directory}/draft-${randomUUID()}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await giveTo(await stat(directory), draft);
  await rename(draft, path);
  return path;
}

/** Only root may give files away; everyone else keeps what they made. */
export async function giveTo(owner: Owner, path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await chown(path, owner.uid, owner.gid).catch((error: unknown) => {
    throw new Error(
      `root may not give ${path} to user ${owner.uid} here (a container without CAP_CHOWN, or a network disk). ` +
        "Start Callbridge as an ordinary user, or set DATABASE_URL.",
      { cause: error },
    );
  });
}

/** Makes renames in this directory survive a power cut. Windows has no such call and needs none. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
