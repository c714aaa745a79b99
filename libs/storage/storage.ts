import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Content, chunksOf } from "./content.ts";
import { StorageError } from "./errors.ts";
import { frameBytes, framesOf, headerBytes, layoutOf, newFrames, placeOf } from "./frames.ts";
import { assertRef } from "./ref.ts";

export type Stored = { ref: string; sha256: string; bytes: number };

/** Large objects by name. Every `ref` is the name that `put` was given; content comes and goes as plain bytes. */
export type Storage = {
  /**
   * Writes a whole object or nothing; a former object of this name is replaced in one step. Hash and size are those of the
   * plain content. Throws `StorageError` "too-large" above `bytesMax`, the signal's reason when it ends, and whatever
   * `content` throws. `name` must not show whose object it is: take a keyed hash, such as `recording/<hash>`.
   */
  put: (name: string, content: Content, options?: { bytesMax?: number; signal?: AbortSignal }) => Promise<Stored>;
  /** Plain bytes; undefined when there is no such object. */
  size: (ref: string) => Promise<number | undefined>;
  /** The bytes from `start` (0) up to, not including, `end` (the size), as `slice` counts. Reads only the frames it needs. */
  read: (ref: string, range?: { start?: number; end?: number }) => AsyncIterable<Buffer>;
  /** The whole object at once. Throws `StorageError` "too-large" above `bytesMax`. */
  readAll: (ref: string, bytesMax: number) => Promise<Buffer>;
  /** Deleting what is not there is no error. */
  delete: (ref: string) => Promise<void>;
};

/** A crash in the middle of a write leaves its temporary file. No write takes a day, so an older one belongs to nobody. */
const abandonedAfterMs = 24 * 3_600_000;

/**
 * Storage below a directory: `file:///absolute/path`, or `file:relative/path` below the working directory, taken as it is
 * written. `key` is 32 bytes and encrypts every object (`frames.ts`). Throws when the URL is of another kind.
 */
export function createStorage({ url, key }: { url: string; key: Buffer }): Storage {
  const root = rootOf(url);
  assert(key.length === 32, "the key of the storage must be 32 bytes");
  const swept = new Set<string>();

  return {
    put: async (name, content, { bytesMax = Number.POSITIVE_INFINITY, signal } = {}) => {
      const target = fileOf(name);
      const directory = path.dirname(target);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const temporary = path.join(directory, `.${randomUUID()}.tmp`);
      const file = await open(temporary, "wx", 0o600);
      try {
        const written = await writeFrames(file, name, chunksOf(content, signal), bytesMax);
        await file.sync();
        if (!swept.has(directory)) await sweep(directory, (await file.stat()).mtimeMs);
        await file.close();
        await rename(temporary, target);
        await syncDirectory(directory);
        return { ref: name, ...written };
      } catch (error) {
        await file.close();
        await rm(temporary, { force: true });
        throw error;
      }
    },

    size: async (ref) => {
      const found = await orUndefined(stat(fileOf(ref)));
      return found && layoutOf(found.size).bytes;
    },

    read: (ref, range) => readFrames(ref, range),

    readAll: async (ref, bytesMax) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      for await (const part of readFrames(ref)) {
        bytes += part.length;
        if (bytes > bytesMax) throw new StorageError("too-large", `the object is larger than ${bytesMax} bytes`);
        parts.push(part);
      }
      return Buffer.concat(parts, bytes);
    },

    delete: async (ref) => {
      await rm(fileOf(ref), { force: true });
    },
  };

  function fileOf(ref: string): string {
    assertRef(ref);
    return path.join(root, ...ref.split("/"));
  }

  async function writeFrames(file: FileHandle, ref: string, chunks: AsyncIterable<Uint8Array>, bytesMax: number) {
    const frames = newFrames(key, ref);
    const hash = createHash("sha256");
    const frame = Buffer.alloc(frameBytes);
    let [filled, index, bytes] = [0, 0, 0];
    await write(file, frames.header);
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new StorageError("too-large", `the content is larger than ${bytesMax} bytes`);
      hash.update(chunk);
      for (let rest = chunk; rest.length > 0; ) {
        // A full frame is written only when more follows, because the last one is sealed as the last.
        if (filled === frameBytes) {
          await write(file, frames.seal(frame, index, false));
          [filled, index] = [0, index + 1];
        }
        const part = rest.subarray(0, frameBytes - filled);
        frame.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
      }
    }
    await write(file, frames.seal(frame.subarray(0, filled), index, true));
    return { sha256: hash.digest("hex"), bytes };
  }

  async function* readFrames(ref: string, range: { start?: number; end?: number } = {}): AsyncGenerator<Buffer> {
    const file = await orUndefined(open(fileOf(ref)));
    if (!file) throw new StorageError("missing", "no such object");
    try {
      const layout = layoutOf((await file.stat()).size);
      const frames = framesOf(key, ref, await readPart(file, 0, headerBytes));
      const { start = 0, end = Number.POSITIVE_INFINITY } = range;
      assert(start >= 0 && end >= start, "a range starts at 0 or later and does not end before it starts");
      const last = layout.frames - 1;
      // A range beyond the end still opens the last frame, so that an object cut short is not taken for a short one.
      for (let index = Math.min(Math.floor(start / frameBytes), last); index <= last; index++) {
        const place = placeOf(index);
        const before = index * frameBytes;
        const plain = frames.open(await readPart(file, place.start, place.bytes), index, index === last);
        const wanted = plain.subarray(Math.max(start - before, 0), Math.max(end - before, 0));
        if (wanted.length > 0) yield wanted;
        if (end <= before + frameBytes) return;
      }
    } finally {
      await file.close();
    }
  }

  /** Once per process and directory. Ages are compared with a file just written: both by the disk's own clock. */
  async function sweep(directory: string, nowMs: number): Promise<void> {
    swept.add(directory);
    for (const name of await readdir(directory)) {
      if (!name.endsWith(".tmp")) continue;
      const found = await orUndefined(stat(path.join(directory, name)));
      if (found && nowMs - found.mtimeMs > abandonedAfterMs) await rm(path.join(directory, name), { force: true });
    }
  }
}

function rootOf(url: string): string {
  if (url.startsWith("file://")) return fileURLToPath(url);
  if (url.startsWith("file:") && url.length > "file:".length) return path.resolve(url.slice("file:".length));
  const scheme = /^[a-z0-9+.-]+:/i.exec(url)?.[0] ?? "no scheme";
  // The URL itself may hold credentials and is not repeated.
  throw new Error(
    `storage needs a URL of the form file:///path or file:path; ${scheme} is not supported in this version`,
  );
}

async function write(file: FileHandle, data: Buffer): Promise<void> {
  for (let rest = data; rest.length > 0; ) rest = rest.subarray((await file.write(rest)).bytesWritten);
}

/** Up to `bytes` bytes from `start`; fewer only at the end of the file. */
async function readPart(file: FileHandle, start: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Makes the rename itself survive a power cut. Windows cannot open a directory and needs none of this. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
