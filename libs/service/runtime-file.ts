import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What other processes on this machine need to know of a running standalone. */
const schema = z.object({
  pid: z.number(),
  url: z.string().optional(),
  /** Where the vendors reach it; absent: nowhere but here. */
  publicUrl: z.string().optional(),
  databaseUrl: z.string(),
  /** Absent: it works with real vendors. */
  twinUrl: z.string().optional(),
});
export type RuntimeFile = z.output<typeof schema>;

const pathIn = (dataDir: string) => join(dataDir, "runtime.json");

/** For the owner's eyes only: the database's address may hold a password. Gives what removes it. */
export function writeRuntimeFile(dataDir: string, content: RuntimeFile): () => Promise<void> {
  const file = pathIn(dataDir);
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(content, undefined, 2), { mode: 0o600 });
  return async () => rmSync(file, { force: true });
}

/** Undefined when nothing runs here; one that was killed left a file that means nothing. */
export function readRuntimeFile(dataDir: string): RuntimeFile | undefined {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(pathIn(dataDir), "utf8"));
  } catch {
    // Not there, or of a process that died while it wrote it.
    return undefined;
  }
  const { data: file } = schema.safeParse(content);
  return file && isAlive(file.pid) ? file : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is a process.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
