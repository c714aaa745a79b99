import { createSecretKey, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { seal, unseal } from "@callbridge/event-log";
import { z } from "zod";

/** An authenticated delivery as it came, waiting on disk for the database. */
const entrySchema = z.object({
  receivedAt: z.iso.datetime(),
  account: z.string(),
  /** Path of the endpoint. */
  path: z.string(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  contentType: z.string(),
  /** Base64. */
  body: z.string(),
});
export type Spooled = z.infer<typeof entrySchema>;

export type Spool = {
  /** On disk when it resolves. Throws when the spool is full or the disk does not take it. */
  put: (entry: Spooled) => Promise<void>;
  /** How many wait. While any does, later deliveries queue up behind it. */
  waiting: () => number;
  /**
   * Hands the entries over, oldest first, and removes each that was taken; stops when one throws. What `take` has no use
   * for (false), and what cannot be read again, is kept aside for a person; its name goes to `setAside`.
   */
  drain: (take: (entry: Spooled) => Promise<boolean>, setAside: (file: string) => void) => Promise<void>;
};

/** A day of a busy call centre (100,000 webhooks of some kilobytes) fits ten times. */
const entriesMax = 1_000_000;
const ending = ".spool";

/** The spool of one process: a file per delivery, encrypted, in the order of arrival. `directory` must outlive the process. */
export function openSpool({ directory, key }: { directory: string; key: Buffer }): Spool {
  const secret = createSecretKey(key);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  let waiting = namesIn(readdirSync(directory)).length;
  let lastMs = 0;
  let turn = 0;

  return {
    waiting: () => waiting,
    put: async (entry) => {
      if (waiting >= entriesMax) throw new Error(`the spool is full (${entriesMax} deliveries)`);
      const name = nextName();
      const file = join(directory, name);
      waiting += 1;
      try {
        await writeDurably(file, seal(secret, Buffer.from(JSON.stringify(entry)), name));
      } catch (error) {
        waiting -= 1;
        await rm(`${file}.tmp`, { force: true });
        throw error;
      }
    },
    drain: async (take, setAside) => {
      for (const name of namesIn(await readdir(directory))) {
        const file = join(directory, name);
        const entry = await read(name);
        if (entry && (await take(entry))) {
          await rm(file);
        } else {
          await rename(file, `${file}.unreadable`);
          setAside(`${file}.unreadable`);
        }
        waiting -= 1;
      }
    },
  };

  /** Sorts by arrival, also within a millisecond and when the clock steps back while we run. */
  function nextName(): string {
    const now = Math.max(Date.now(), lastMs);
    turn = now === lastMs ? turn + 1 : 0;
    lastMs = now;
    return `${String(now).padStart(15, "0")}-${String(turn).padStart(6, "0")}-${randomUUID().slice(0, 8)}${ending}`;
  }

  async function read(name: string): Promise<Spooled | undefined> {
    const content = await readFile(join(directory, name));
    try {
      return entrySchema.parse(JSON.parse(unseal(secret, content, name).toString()));
    } catch {
      return undefined;
    }
  }

  async function writeDurably(file: string, content: Buffer): Promise<void> {
    const handle = await open(`${file}.tmp`, "wx", 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.tmp`, file);
    const parent = await open(directory, "r");
    try {
      await parent.sync();
    } finally {
      await parent.close();
    }
  }
}

const namesIn = (files: string[]) => files.filter((name) => name.endsWith(ending)).sort();
