import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type EventType, foldCall, type LogEvent, parseEvent } from "@callbridge/events";
import { createStorage, type Storage } from "@callbridge/storage";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Opened } from "./download.ts";
import { type RecordingDeps, recordingHandler } from "./handler.ts";
import { sampleMp3, sampleWav } from "./sample-audio.ts";

const wav = sampleWav({ seconds: 2 });
const endedAt = "2026-09-28T10:00:00.000Z";
const stream = "call:n:1000000001";
const name = `recording/${createHash("sha256").update(stream).digest("hex")}`;

let root: string;
let storage: Storage;
let server: Server;
let link: string;
let host: string;
let answer: RequestListener;
let apiAnswers: (callId: string) => Opened;
let apiAsked: string[];

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "callbridge-recording-"));
  storage = createStorage({ url: pathToFileURL(root).href, key: randomBytes(32) });
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert(address && typeof address === "object");
  host = `127.0.0.1:${address.port}`;
  link = `http://${host}/pub/r/secret.wav`;
});
afterAll(async () => {
  server.close();
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  await storage.delete(name);
  apiAsked = [];
  apiAnswers = () => ({ notYet: true });
  answer = (_request, response) => void response.end(wav);
});

const linkAnswers = (status: number, body: string | Buffer = "{}") => {
  answer = (_request, response) => void response.writeHead(status).end(body);
};
const apiSends = (content: Buffer) => () => ({
  body: (async function* () {
    yield content;
  })(),
  contentLength: content.length,
});
const cloudtalk = {
  recording: async (callId: string) => {
    apiAsked.push(callId);
    return apiAnswers(callId);
  },
};

type Told = [EventType, Record<string, unknown>, Record<string, unknown>?];

/** Facts about the call in their order, one second apart, the first three seconds after its end. */
function history(...facts: Told[]): LogEvent[] {
  return facts.map(([type, data, personal = {}], index) => ({
    ...parseEvent(type, 1, data, personal),
    ...{ stream, id: `event-${index}`, account: "default", position: index + 1, version: 1, key: `key-${index}` },
    recordedAt: new Date(Date.parse(endedAt) + (index + 3) * 1_000).toISOString(),
    ...{
      time: endedAt,
      source: "cloudtalk",
      correlationId: "c",
      causationId: undefined,
      traceparent: undefined,
      erased: false,
    },
  })) as LogEvent[];
}

type Given = { given: LogEvent[]; afterMs?: number; deps?: Partial<RecordingDeps>; signal?: AbortSignal };

/** Decides on the last event, `afterMs` after it was recorded. Times of wakes are told as milliseconds after the event. */
async function when({ given, afterMs = 0, deps, signal = new AbortController().signal }: Given) {
  const event = given.at(-1);
  assert(event);
  const handler = recordingHandler({ cloudtalk, storage, allowedHosts: [host], ...deps });
  const recorded = Date.parse(event.recordedAt);
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const call = foldCall(given);
  const { append, wake, intend } = await handler.decide(event, call, {
    now: new Date(recorded + afterMs),
    signal,
    once: (_name, read) => read(),
    hash,
  });
  expect(intend).toBeUndefined();
  return {
    lease: handler.lease?.(event, call),
    ...(append && { append: append.map(({ type, data, ...rest }) => ({ type, data, ...rest })) }),
    ...(wake && { wakeAfterMs: wake.map(({ at }) => at.getTime() - recorded), wakeKey: wake[0]?.key }),
  };
}

const ended = (data = {}, personal = {}): Told => ["call.ended", { callUuid: "call-1", endedAt, ...data }, personal];
const ready = (personal: Record<string, unknown> = { recordingUrl: link }, data = {}) =>
  history(ended(), ["call.recording_ready", { callUuid: "call-1", ...data }, personal]);
const identified = (outcome: string, data: Record<string, unknown> = { callId: "1000000001" }) =>
  history(ended(), ["call.identified", { callUuid: "call-1", outcome, because: "call-details", ...data }]);

const stored = (content: Buffer, facts: object) => ({
  type: "recording.stored",
  stream,
  key: { fact: `${stream}/recording` },
  data: { ref: name, sha256: createHash("sha256").update(content).digest("hex"), bytes: content.length, ...facts },
  personal: {},
});
const unavailable = (because: string, detail?: string) => ({
  type: "recording.unavailable",
  stream,
  key: { fact: `${stream}/recording` },
  data: { because, detail },
  personal: {},
});
const minutes = 60_000;
const hours = 60 * minutes;

describe("given a recording that is there", () => {
  it("it is stored, with what it is, how long and how many channels", async () => {
    const result = await when({ given: ready() });
    expect(result.append).toEqual([stored(wav, { mediaType: "audio/wav", durationSeconds: 2, channels: 2 })]);
    expect(result.lease).toBe(`recording:${stream}`);
    expect((await storage.readAll(name, 1e6)).equals(wav)).toBe(true);
    expect(apiAsked).toEqual([]);
  });

  it("whichever report brought the link or the announcement", async () => {
    const withLink = history(ended({}, { recordingUrl: link }));
    expect((await when({ given: withLink })).append?.[0]?.type).toBe("recording.stored");
    apiAnswers = apiSends(wav);
    const transcript = history(["call.transcript_ready", { callUuid: "call-1", callId: "1000000001" }]);
    expect((await when({ given: transcript })).append?.[0]?.type).toBe("recording.stored");
    expect(apiAsked).toEqual(["1000000001"]);
  });

  it("it is fetched from the API when the link fails, whatever the failure", async () => {
    const given = ready({ recordingUrl: link }, { callId: "1000000001" });
    const mp3 = sampleMp3({ frames: 10, channels: 1 });
    apiAnswers = apiSends(mp3);
    const expected = [stored(mp3, { mediaType: "audio/mpeg", durationSeconds: 0.72, channels: 1 })];
    for (const [status, body] of [
      [401, ""],
      [403, ""],
      [404, ""],
      [500, ""],
      [200, "<!doctype html><p>Log in</p>"],
      [200, ""],
    ] as const) {
      linkAnswers(status, body);
      expect((await when({ given })).append).toEqual(expected);
    }
    const foreign = ready({ recordingUrl: "https://evil.example/x.wav" }, { callId: "1000000001" });
    expect((await when({ given: foreign })).append).toEqual(expected);
  });

  it("it is not fetched twice", async () => {
    const [event] = history([
      "recording.stored",
      { ref: name, sha256: "0".repeat(64), bytes: 1, mediaType: "audio/wav" },
    ]);
    expect(await when({ given: [...(event ? [event] : []), ...ready()] })).toEqual({ lease: undefined });
    const [failure] = history(["recording.unavailable", { because: "expired" }]);
    expect(await when({ given: [...(failure ? [failure] : []), ...ready()] })).toEqual({ lease: undefined });
  });
});

describe("given a call without an announced recording", () => {
  it("nothing is done while nothing is known, nor for a missed, an unknown or an erased call", async () => {
    const nothing = { lease: undefined };
    expect(await when({ given: history(ended({ callId: "1000000001" })) })).toEqual(nothing);
    expect(await when({ given: identified("missed"), afterMs: hours })).toEqual(nothing);
    expect(await when({ given: identified("unknown"), afterMs: hours })).toEqual(nothing);
    expect(await when({ given: identified("answered", {}), afterMs: hours })).toEqual(nothing);
    expect(await when({ given: identified("answered", { callId: "not-a-number" }), afterMs: hours })).toEqual(nothing);
    expect(await when({ given: identified("answered"), afterMs: hours, deps: { cloudtalk: undefined } })).toEqual(
      nothing,
    );
    expect(await when({ given: ready().map((event) => ({ ...event, erased: true })) })).toEqual(nothing);
    const missed = history(ended({}, { recordingUrl: link }), [
      "call.identified",
      { outcome: "missed", because: "reports" },
    ]);
    expect(await when({ given: missed })).toEqual(nothing);
    expect(apiAsked).toEqual([]);
  });

  it("the API is asked a minute after the end of an answered call or a voicemail", async () => {
    for (const outcome of ["answered", "voicemail"]) {
      const given = identified(outcome);
      const toWait = { wakeAfterMs: [minutes - 4_000], wakeKey: `${stream}/recording`, lease: `recording:${stream}` };
      expect(await when({ given })).toEqual(toWait);
      expect(apiAsked).toEqual([]);
      apiAnswers = apiSends(wav);
      expect((await when({ given, afterMs: minutes - 4_000 })).append?.[0]?.type).toBe("recording.stored");
      apiAsked = [];
      apiAnswers = () => ({ notYet: true });
    }
  });

  it("the API is asked rarely, six times in all", async () => {
    const given = identified("answered");
    let afterMs = 0;
    for (let looks = 0; looks < 20; looks++) {
      const { wakeAfterMs, append } = await when({ given, afterMs });
      if (append) expect(append).toEqual([unavailable("not-found")]);
      afterMs = wakeAfterMs?.[0] ?? afterMs;
      if (append) break;
    }
    expect(afterMs).toBe(6 * hours - 4_000);
    expect(apiAsked).toHaveLength(6);
  });
});

describe("given a recording that is not there yet", () => {
  it("it is looked for again at growing intervals, until six hours after the end", async () => {
    linkAnswers(404);
    const given = ready();
    const at: number[] = [];
    let result = await when({ given });
    while (result.wakeAfterMs) {
      const afterMs = result.wakeAfterMs[0] ?? 0;
      at.push(afterMs);
      result = await when({ given, afterMs });
    }
    expect(at.slice(0, 5)).toEqual([5_000, 15_000, 45_000, 2 * minutes, 5 * minutes]);
    expect(at.at(-1)).toBe(6 * hours - 4_000);
    expect(result.append).toEqual([unavailable("not-found", "the link answered 404")]);
  });

  it("it is stored when it appears", async () => {
    linkAnswers(404);
    const given = ready();
    const { wakeAfterMs } = await when({ given });
    linkAnswers(200, wav);
    expect((await when({ given, afterMs: wakeAfterMs?.[0] ?? 0 })).append?.[0]?.type).toBe("recording.stored");
  });

  it("an outage of the API does not end the wait for the link", async () => {
    linkAnswers(404);
    apiAnswers = () => {
      throw new Error("503");
    };
    expect((await when({ given: ready({ recordingUrl: link }, { callId: "1" }) })).wakeAfterMs).toEqual([5_000]);
  });

  it("announced late, it still gets some minutes", async () => {
    linkAnswers(404);
    const yesterday = "2026-09-27T10:00:00.000Z";
    const given = history(ended({ endedAt: yesterday }), ["call.recording_ready", {}, { recordingUrl: link }]);
    expect((await when({ given })).wakeAfterMs).toEqual([5_000]);
    expect((await when({ given, afterMs: 5 * minutes })).append).toEqual([
      unavailable("not-found", "the link answered 404"),
    ]);
    const recovered = history(
      ["call.recovered", { callId: "1000000001", endedAt: yesterday }],
      ["call.identified", { callId: "1000000001", outcome: "answered", because: "reports" }],
    );
    expect((await when({ given: recovered })).append).toEqual([unavailable("not-found")]);
  });

  it("with neither link nor id, another event must bring one before the time is over", async () => {
    const given = ready({});
    expect(await when({ given })).toMatchObject({ lease: undefined, wakeAfterMs: [6 * hours - 4_000] });
    const detail = "neither a link nor a numeric id is known";
    expect((await when({ given, afterMs: 6 * hours })).append).toEqual([unavailable("not-found", detail)]);
  });
});

describe("given a recording that cannot be had", () => {
  const because = async (deps: Partial<RecordingDeps> = {}, personal = { recordingUrl: link }) =>
    (await when({ given: ready(personal), deps })).append?.[0];

  it("it is expired when the vendor deleted it, by link or by API", async () => {
    linkAnswers(410);
    expect(await because()).toEqual(unavailable("expired"));
    linkAnswers(404);
    apiAnswers = () => ({ gone: true });
    expect((await when({ given: ready({ recordingUrl: link }, { callId: "1000000001" }) })).append).toEqual([
      unavailable("expired"),
    ]);
  });

  it("it is not allowed when its host is not and no id is known", async () => {
    const refused = await because({}, { recordingUrl: "https://evil.example/secret.wav" });
    expect(refused).toEqual(unavailable("not-allowed", "host evil.example is not allowed"));
    expect(JSON.stringify(refused)).not.toContain("secret");
  });

  it("it is not audio when it is a page or a message", async () => {
    for (const body of ["<!doctype html><p>Log in</p>", '{"status":200}', "x".repeat(100_000)]) {
      linkAnswers(200, body);
      expect(await because()).toEqual(unavailable("not-audio", undefined));
    }
  });

  it("it is empty when there are no bytes, or a header and no sound", async () => {
    linkAnswers(200, "");
    expect(await because()).toEqual(unavailable("empty"));
    linkAnswers(200, sampleWav({ seconds: 0 }));
    expect(await because()).toEqual(unavailable("empty", "a header without audio"));
    expect(await storage.size(name)).toBeUndefined();
  });

  it("it is too large by its claim, before it is read, or by its bytes", async () => {
    answer = (_request, response) => void response.writeHead(200, { "content-length": 2 * 1024 ** 3 }).write(wav);
    expect(await because()).toEqual(unavailable("too-large"));
    answer = (_request, response) => void response.write(wav, () => response.end(wav));
    expect(await because({ limits: { bytesMax: wav.length + 1 } })).toEqual(unavailable("too-large"));
    expect(await readdir(path.join(root, "recording"))).toEqual([]);
  });

  it("it is too slow when that has not changed for an hour", async () => {
    answer = (_request, response) => void response.write(wav.subarray(0, 20_000));
    const deps = { limits: { idleMs: 50 } };
    expect((await when({ given: ready(), deps })).wakeAfterMs).toEqual([5_000]);
    expect((await when({ given: ready(), deps, afterMs: hours })).append).toEqual([unavailable("too-slow")]);
    expect((await when({ given: ready(), deps: { limits: { idleMs: 50, slowGiveUpMs: 0 } } })).append).toEqual([
      unavailable("too-slow"),
    ]);
    expect(await readdir(path.join(root, "recording"))).toEqual([]);
  });
});

describe("given an outage", () => {
  it("it throws, so that the runtime backs off and no lasting fact is made of it", async () => {
    linkAnswers(503);
    await expect(when({ given: ready() })).rejects.toThrow("the recording's link answered 503");
    apiAnswers = () => {
      throw new Error("the API is down");
    };
    await expect(when({ given: ready({}, { callId: "1" }) })).rejects.toThrow("the API is down");
  });

  it("a recording cut off on its way leaves nothing behind", async () => {
    answer = (_request, response) =>
      void response
        .writeHead(200, { "content-length": wav.length })
        .write(wav.subarray(0, 20_000), () => response.destroy());
    await expect(when({ given: ready() })).rejects.toThrow();
    expect(await readdir(path.join(root, "recording"))).toEqual([]);
  });

  it("draining stops a download at once", async () => {
    const controller = new AbortController();
    answer = (_request, response) => void response.write(wav, () => controller.abort(new Error("draining")));
    await expect(when({ given: ready(), signal: controller.signal })).rejects.toThrow("draining");
  });
});
