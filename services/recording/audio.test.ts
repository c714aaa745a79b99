import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { createStorage, type Storage, StorageError } from "@callbridge/storage";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeAudio, mediaTypeOf, wavFacts } from "./audio.ts";
import { sampleMp3, sampleOgg, sampleWav } from "./sample-audio.ts";

let root: string;
let storage: Storage;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "callbridge-audio-"));
  storage = createStorage({ url: pathToFileURL(root).href, key: randomBytes(32) });
});
afterAll(() => rm(root, { recursive: true }));

const options = { signal: new AbortController().signal, timeoutMs: 5_000 };

async function facts(content: Buffer) {
  const stored = await storage.put("recording/sample", content);
  const mediaType = (await mediaTypeOf(content.subarray(0, 16_384))) ?? "none";
  const { durationSeconds, channels } = await describeAudio(storage, { ...stored, mediaType }, options);
  return [mediaType, durationSeconds && Math.round(durationSeconds * 1_000) / 1_000, channels];
}

describe("what a recording is", () => {
  it("is read from its content", async () => {
    expect(await facts(sampleWav({ seconds: 2.5, channels: 2 }))).toEqual(["audio/wav", 2.5, 2]);
    expect(await facts(sampleWav({ seconds: 1, channels: 1 }))).toEqual(["audio/wav", 1, 1]);
    expect(await facts(sampleMp3({ frames: 100, channels: 2 }))).toEqual(["audio/mpeg", 7.2, 2]);
    expect(await facts(sampleMp3({ frames: 100, channels: 1 }))).toEqual(["audio/mpeg", 7.2, 1]);
    expect(await facts(sampleOgg({ seconds: 3, channels: 2 }))).toEqual(["audio/ogg", 3, 2]);
  });

  it("is known for the containers of browsers and phones too", async () => {
    const m4a = Buffer.from("\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0", "latin1");
    const webm = Buffer.from(
      "1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104428581021853806700000000",
      "hex",
    );
    expect(await mediaTypeOf(m4a)).toBe("audio/mp4");
    expect(await mediaTypeOf(webm)).toBe("audio/webm");
  });

  it("is nothing when it is a page, a message, an image or noise", async () => {
    const texts = ["<!doctype html><title>Login</title>", '{"status":404,"message":"Not found."}', "", "RIFF", "x"];
    for (const text of texts) expect(await mediaTypeOf(Buffer.from(text))).toBeUndefined();
    expect(await mediaTypeOf(Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"))).toBeUndefined();
    expect(await mediaTypeOf(Buffer.alloc(4_096))).toBeUndefined();
  });

  it("keeps an unknown duration unknown", async () => {
    const stored = await storage.put("recording/odd", Buffer.concat([sampleOgg().subarray(0, 40), randomBytes(500)]));
    expect(
      (await describeAudio(storage, { ...stored, mediaType: "audio/webm" }, options)).durationSeconds,
    ).toBeUndefined();
  });

  it("is not guessed when the storage fails", async () => {
    const missing = { ref: "recording/none", bytes: 10, mediaType: "audio/mpeg" };
    await expect(describeAudio(storage, missing, options)).rejects.toBeInstanceOf(StorageError);
  });
});

describe("a WAV whose writer could not go back", () => {
  it("has the duration of its bytes, whatever length it declares", () => {
    const lies = fc.oneof(
      fc.constantFrom(0, 0xffffffff, 0x7fffffff, 0x80000000),
      fc.integer({ min: 100_000, max: 0xffffffff }),
    );
    fc.assert(
      fc.property(lies, lies, fc.integer({ min: 1, max: 2 }), (riff, data, channels) => {
        const wav = sampleWav({ seconds: 1.5, channels, declared: { riff, data } });
        expect(wavFacts(wav.subarray(0, 1_000), wav.length)).toEqual({ channels, durationSeconds: 1.5 });
      }),
    );
  });

  it("has none of its trailing chunks counted as audio when its length is true", () => {
    const wav = sampleWav({ seconds: 1 });
    const tagged = Buffer.concat([wav, Buffer.from("LIST\x04\0\0\0INFO", "latin1")]);
    expect(wavFacts(tagged, tagged.length)).toEqual({ channels: 2, durationSeconds: 1 });
  });

  it("has its audio found behind other chunks, also of odd length", () => {
    const wav = sampleWav({ seconds: 1 });
    const chunk = Buffer.from("LIST\x05\0\0\0INFOx\0", "latin1");
    const shifted = Buffer.concat([wav.subarray(0, 36), chunk, wav.subarray(36)]);
    expect(wavFacts(shifted, shifted.length)).toEqual({ channels: 2, durationSeconds: 1 });
  });

  it("never breaks the reader, whatever follows the first bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(100_000), (noise, bytes) => {
        const { durationSeconds = 0 } = wavFacts(Buffer.concat([sampleWav().subarray(0, 12), noise]), bytes);
        expect(durationSeconds).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
