import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createStorage, type Storage, StorageError } from "./index.ts";

const frame = 64 * 1024;
const key = randomBytes(32);
let root: string;
let storage: Storage;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "callbridge-storage-"));
  storage = createStorage({ url: pathToFileURL(root).href, key });
});
afterAll(() => rm(root, { recursive: true }));

/** Bytes that differ from frame to frame, so that a frame in the wrong place shows. */
function bytesOf(length: number): Buffer {
  return Buffer.from(
    Uint32Array.from({ length: Math.ceil(length / 4) }, (_, index) => index * 2_654_435_761).buffer,
  ).subarray(0, length);
}

async function* inChunks(content: Buffer, bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += bytes) yield content.subarray(at, at + bytes);
}

async function collect(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

const aroundFrames = fc
  .tuple(fc.nat(3), fc.integer({ min: -2, max: 2 }))
  .map(([n, edge]) => Math.max(0, n * frame + edge));
const problem = (name: string) => expect.objectContaining({ name: "StorageError", problem: name });

describe("what is put is what is read", () => {
  it("whatever the size and however it arrives", async () => {
    await fc.assert(
      fc.asyncProperty(aroundFrames, fc.integer({ min: 500, max: 3 * frame }), async (length, chunk) => {
        const content = bytesOf(length);
        const stored = await storage.put("recording/whole", inChunks(content, chunk));
        const sha256 = createHash("sha256").update(content).digest("hex");
        expect(stored).toEqual({ ref: "recording/whole", sha256, bytes: length });
        expect(await storage.size("recording/whole")).toBe(length);
        expect((await storage.readAll("recording/whole", length)).equals(content)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("in any range, counted as slice counts", async () => {
    await fc.assert(
      fc.asyncProperty(aroundFrames, aroundFrames, aroundFrames, async (length, one, other) => {
        const content = bytesOf(length);
        await storage.put("recording/range", content);
        const [start, end] = [Math.min(one, other), Math.max(one, other)];
        expect(
          (await collect(storage.read("recording/range", { start, end }))).equals(content.subarray(start, end)),
        ).toBe(true);
        expect((await collect(storage.read("recording/range", { start }))).equals(content.subarray(start))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("also when the object is replaced while somebody reads it", async () => {
    const before = bytesOf(2 * frame);
    await storage.put("recording/replaced", before);
    const reader = storage.read("recording/replaced")[Symbol.asyncIterator]();
    const first = await reader.next();
    await storage.put("recording/replaced", Buffer.from("new"));
    const second = await reader.next();
    assert(!first.done && !second.done);
    expect((await reader.next()).done).toBe(true);
    expect(Buffer.concat([first.value, second.value]).equals(before)).toBe(true);
    expect((await storage.readAll("recording/replaced", 100)).toString()).toBe("new");
  });

  it("also when several are put in the same moment, under one name or under many", async () => {
    const contents = Array.from({ length: 8 }, (_, index) => bytesOf(frame + index));
    await Promise.all(contents.map((content, index) => storage.put(`moment/${index}`, content)));
    const read = await Promise.all(contents.map((_, index) => storage.readAll(`moment/${index}`, 2 * frame)));
    expect(read.map((content, index) => content.equals(contents[index] ?? Buffer.alloc(0)))).not.toContain(false);

    await Promise.all(contents.map((content) => storage.put("moment/one", content)));
    const last = await storage.readAll("moment/one", 2 * frame);
    expect(contents.some((content) => content.equals(last))).toBe(true);
  });

  it("but nothing of it can be seen on the disk", async () => {
    await storage.put("recording/hidden", Buffer.from("the words of the caller"));
    expect((await readFile(path.join(root, "recording/hidden"))).includes("caller")).toBe(false);
  });
});

describe("a put that fails leaves nothing", () => {
  const leftovers = async () => (await readdir(root, { recursive: true })).filter((name) => /tmp|failed/.test(name));

  it("when the content is too large", async () => {
    const put = storage.put("failed", inChunks(bytesOf(3 * frame), 1000), { bytesMax: 2 * frame });
    await expect(put).rejects.toEqual(problem("too-large"));
    expect(await leftovers()).toEqual([]);
  });

  it("when the content breaks off", async () => {
    async function* broken() {
      yield bytesOf(frame + 1);
      throw new Error("connection lost");
    }
    await expect(storage.put("failed", broken())).rejects.toThrow("connection lost");
    expect(await leftovers()).toEqual([]);
  });

  it("when the signal ends while the content is silent", async () => {
    const controller = new AbortController();
    async function* silent() {
      yield bytesOf(10);
      controller.abort(new Error("draining"));
      await new Promise(() => {});
    }
    await expect(storage.put("failed", silent(), { signal: controller.signal })).rejects.toThrow("draining");
    expect(await leftovers()).toEqual([]);
  });

  it("and keeps the object that was there before", async () => {
    await storage.put("kept", Buffer.from("before"));
    await expect(storage.put("kept", bytesOf(100), { bytesMax: 10 })).rejects.toEqual(problem("too-large"));
    expect((await storage.readAll("kept", 100)).toString()).toBe("before");
  });

  it("and what a crash left is swept away after a day", async () => {
    await storage.put("crash/object", Buffer.from("x"));
    const [abandoned, young] = [path.join(root, "crash/.old.tmp"), path.join(root, "crash/.young.tmp")];
    await Promise.all([writeFile(abandoned, "x"), writeFile(young, "x")]);
    await utimes(abandoned, new Date(0), new Date(0));
    await createStorage({ url: pathToFileURL(root).href, key }).put("crash/object", Buffer.from("y"));
    expect((await readdir(path.join(root, "crash"))).sort()).toEqual([".young.tmp", "object"]);
  });
});

describe("damage is noticed", () => {
  const file = (ref: string) => path.join(root, ref);
  const sealed = frame + 16;
  const header = 43;

  it("when any byte of the file is changed", async () => {
    await storage.put("flipped", bytesOf(300));
    const original = await readFile(file("flipped"));
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const changed = Buffer.from(original);
        changed.writeUInt8(changed.readUInt8(at) ^ mask, at);
        await writeFile(file("flipped"), changed);
        await expect(storage.readAll("flipped", 300)).rejects.toEqual(problem("damaged"));
      }),
      { numRuns: 60 },
    );
  });

  it("when the end is missing, at the edge of a frame or elsewhere", async () => {
    for (const left of [
      header + sealed,
      header + 2 * sealed,
      header + sealed + 16,
      header + sealed + 15,
      header,
      10,
      0,
    ]) {
      await storage.put("short", bytesOf(3 * frame));
      await truncate(file("short"), left);
      await expect(storage.readAll("short", 4 * frame)).rejects.toEqual(problem("damaged"));
      const beyond = collect(storage.read("short", { start: 3 * frame - 10 }));
      await expect(beyond).rejects.toEqual(problem("damaged"));
    }
  });

  it("when frames trade places or are repeated", async () => {
    await storage.put("order", bytesOf(3 * frame));
    const original = await readFile(file("order"));
    const part = (index: number) => original.subarray(header + index * sealed, header + (index + 1) * sealed);
    for (const order of [
      [1, 0, 2],
      [0, 0, 2],
      [0, 2, 2],
      [0, 2],
    ]) {
      await writeFile(file("order"), Buffer.concat([original.subarray(0, header), ...order.map(part)]));
      await expect(storage.readAll("order", 4 * frame)).rejects.toEqual(problem("damaged"));
    }
  });

  it("when objects trade places, or the key is another", async () => {
    await storage.put("mine", Buffer.from("mine"));
    await copyFile(file("mine"), file("yours"));
    await expect(storage.readAll("yours", 100)).rejects.toEqual(problem("damaged"));
    const other = createStorage({ url: pathToFileURL(root).href, key: randomBytes(32) });
    await expect(other.readAll("mine", 100)).rejects.toEqual(problem("damaged"));
  });
});

describe("names and addresses", () => {
  it("a name that leads elsewhere or looks like a phone number is refused", async () => {
    const bad = [
      "../x",
      "a/../../x",
      "/etc/x",
      "a//b",
      "",
      "a/",
      ".hidden",
      "a\\b",
      "a\0b",
      "+391234567890",
      "recording/391234567890",
    ];
    for (const name of [...bad, "x".repeat(201)]) {
      await expect(storage.put(name, Buffer.from("x"))).rejects.toThrow("not an object name");
      await expect(storage.readAll(name, 10)).rejects.toThrow("not an object name");
      await expect(storage.delete(name)).rejects.toThrow("not an object name");
    }
  });

  it("a missing object has no size, cannot be read, and may be deleted", async () => {
    await storage.put("gone", Buffer.from("x"));
    await storage.delete("gone");
    await storage.delete("gone");
    expect(await storage.size("gone")).toBeUndefined();
    await expect(storage.readAll("gone", 10)).rejects.toEqual(problem("missing"));
  });

  it("an object larger than the reader can take is refused", async () => {
    await storage.put("large", bytesOf(1000));
    await expect(storage.readAll("large", 999)).rejects.toBeInstanceOf(StorageError);
  });

  it("a relative directory is below the working directory", async () => {
    const relative = path.relative(process.cwd(), path.join(root, "relative dir"));
    const below = createStorage({ url: `file:${relative}`, key });
    await below.put("a/b", Buffer.from("x"));
    expect(await readdir(path.join(root, "relative dir", "a"))).toEqual(["b"]);
  });

  it("another kind of storage is refused without repeating its credentials", () => {
    const create = () => createStorage({ url: "s3://user:secret@bucket", key });
    expect(create).toThrow(/^storage needs a URL of the form file:\/\/\/path or file:path; s3: is not supported/);
    expect(create).not.toThrow("secret");
    expect(() => createStorage({ url: "file:x", key: Buffer.alloc(16) })).toThrow("32 bytes");
  });
});
