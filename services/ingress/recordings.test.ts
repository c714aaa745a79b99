import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeyring, openEventLog } from "@callbridge/event-log";
import { createLogger } from "@callbridge/service";
import { capabilityOf, createStorage } from "@callbridge/storage";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rangeOf } from "./recordings.ts";
import { createIngress } from "./routes.ts";

const [key, storageKey] = [randomBytes(32), randomBytes(32)];
/** More than one frame of the storage, so that ranges cross its borders. */
const audio = Buffer.concat([Buffer.from("RIFF....WAVE"), randomBytes(200_000)]);
const size = audio.length;
const ref = `recording/${"0a".repeat(16)}`;
const longRef = `recording/${"0b".repeat(32)}`;

let directory: string;
let app: FastifyInstance;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "callbridge-recordings-"));
  const storage = createStorage({ url: `file:${directory}`, key: storageKey });
  for (const name of [ref, "recording/damaged", "recording/damaged-later"]) await storage.put(name, audio);
  await storage.put(longRef, Buffer.from("ID3 and so on"));
  await storage.put("transcript/0c", Buffer.from("what was said"));
  const keyring = createKeyring(randomBytes(32).toString("base64"));
  app = createIngress({
    // Recordings need no database: this log is never asked, so it never connects.
    log: openEventLog({ url: "postgres://127.0.0.1:1/none", keyring }),
    keyring,
    clock: () => new Date(),
    logger: createLogger("silent"),
    accounts: [],
    spool: { put: async () => undefined, waiting: () => 0, drain: async () => undefined },
    defaultAccount: "default",
    connections: new Map(),
    recordings: [{ storage, key }],
    readiness: async () => [],
  });
});
afterAll(async () => {
  await app.close();
  await rm(directory, { recursive: true, force: true });
});

const get = (range?: string, link = capabilityOf(ref, key), method: "GET" | "HEAD" = "GET") =>
  app.inject({ method, url: `/r/${link}`, headers: range === undefined ? {} : { range } });

describe("the link to a recording", () => {
  test("gives the whole of it, as what it is, and lets nobody in between keep it", async () => {
    const answer = await get();
    expect(answer.statusCode).toBe(200);
    expect(answer.rawPayload.equals(audio)).toBe(true);
    expect(answer.headers).toMatchObject({
      ...{ "content-type": "audio/wav", "content-length": String(size), "accept-ranges": "bytes" },
      ...{ "cache-control": "private, no-store", "x-content-type-options": "nosniff" },
    });
  });

  test.each([
    ["bytes=0-0", 0, 1],
    ["bytes=0-99", 0, 100],
    ["bytes=65000-140000", 65_000, 140_001],
    ["bytes=200000-", 200_000, size],
    ["bytes=-5", size - 5, size],
    ["bytes=-999999999", 0, size],
    ["bytes=100-999999999", 100, size],
  ])("gives the part that a player asks for: %s", async (range, start, end) => {
    const answer = await get(range);
    expect(answer.statusCode).toBe(206);
    expect(answer.rawPayload.equals(audio.subarray(start, end))).toBe(true);
    expect(answer.headers).toMatchObject({
      "content-range": `bytes ${start}-${end - 1}/${size}`,
      "content-length": String(end - start),
    });
  });

  test.each([`bytes=${size}-`, "bytes=-0", "bytes=9-8"])(
    "has no part like %s, and says how much there is",
    async (range) => {
      const answer = await get(range);
      expect([answer.statusCode, answer.headers["content-range"]]).toEqual([416, `bytes */${size}`]);
    },
  );

  test("tells its size without its content", async () => {
    const answer = await get(undefined, capabilityOf(ref, key), "HEAD");
    expect([answer.statusCode, answer.headers["content-length"], answer.body]).toEqual([200, String(size), ""]);
  });

  test("works for every name that the storage takes, also a long one", async () => {
    const answer = await get(undefined, capabilityOf(longRef, key));
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "audio/mpeg"]);
  });

  test.each([
    ["of another installation", capabilityOf(ref, randomBytes(32))],
    ["with a changed proof", `${capabilityOf(ref, key).slice(0, -1)}_`],
    ["without a proof", Buffer.from(ref).toString("base64url")],
    ["to a recording that is gone", capabilityOf("recording/0d", key)],
    ["to something that is no recording", capabilityOf("transcript/0c", key)],
    ["out of the storage", capabilityOf("recording/../../secret", key)],
    ["that is nonsense", "%00"],
  ])("%s opens nothing", async (_what, link) => {
    expect((await get(undefined, link)).statusCode).toBe(404);
  });
});

test("a range is read as players send it, and anything else asks for the whole", () => {
  expect(rangeOf("bytes=2-4", 10)).toEqual({ start: 2, end: 5 });
  expect(rangeOf("bytes=2-", 10)).toEqual({ start: 2, end: 10 });
  expect(rangeOf("bytes=-3", 10)).toEqual({ start: 7, end: 10 });
  for (const header of [undefined, "", "bytes", "bytes=-", "bytes=0-1,4-5", "items=0-1", "bytes=a-b", "bytes=1"]) {
    expect(rangeOf(header, 10), header).toBeUndefined();
  }
  expect(rangeOf("bytes=0-", 0)).toBe("unsatisfiable");
  expect(rangeOf("bytes=99999999999999999999-", 10)).toBe("unsatisfiable");
});

describe("a damaged recording", () => {
  const damage = async (name: string, at: number) => {
    const file = join(directory, name);
    const bytes = await readFile(file);
    bytes[at] = 255 - (bytes[at] ?? 0);
    await writeFile(file, bytes);
  };

  test("is not given away, and the answer says to try later", async () => {
    await damage("recording/damaged", 1_000);
    const answer = await get(undefined, capabilityOf("recording/damaged", key));
    expect([answer.statusCode, answer.headers["retry-after"], answer.json()]).toEqual([
      ...[503, "5", { error: "it cannot be read now" }],
    ]);
  });

  test("breaks off where the damage begins, and the next request is served", async () => {
    await damage("recording/damaged-later", 180_000);
    await expect(get(undefined, capabilityOf("recording/damaged-later", key))).rejects.toThrow();
    expect((await get()).statusCode).toBe(200);
  });
});
