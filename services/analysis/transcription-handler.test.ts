import { Permanent, RetryLater } from "@callbridge/service";
import { describe, expect, test } from "vitest";
import { analysisHandlers } from "./handler.ts";
import { apiError, type Reply, startStandIn, verboseJson } from "./openai-stand-in.ts";
import { saidInCall } from "./sample-call.ts";
import {
  context,
  decide,
  errorOf,
  factOf,
  recordingStored,
  requests,
  storage,
  stored,
  stream,
  transcribe,
  transcribed,
  transcriptRef,
} from "./scripted-call.ts";
import { transcriptSchema } from "./transcript.ts";

describe("a stored recording is transcribed", () => {
  test("with segments, times and language, into storage and one fact", async () => {
    const fact = factOf(await transcribe([{ body: verboseJson(saidInCall) }]));
    expect(fact).toMatchObject({
      type: "call.transcribed",
      stream,
      key: { fact: `${stream}/transcript` },
      data: { ref: transcriptRef, outcome: "speech", language: "en", segments: 6, model: "whisper-1" },
    });
    expect(fact?.data).toMatchObject({ audioSeconds: 72.9, requestId: "req_1", words: 89 });
    const transcript = transcriptSchema.parse(await stored(transcriptRef));
    expect(transcript.segments[1]).toEqual({ start: 5, end: 9.5, text: saidInCall[1] });
    expect(transcript.text).toBe(saidInCall.join(" "));
  });

  test("the audio goes up as a named, typed file, once, with the key", async () => {
    await transcribe([{ body: verboseJson(["Hello there."]) }]);
    expect(requests()).toHaveLength(1);
    const [request] = requests();
    expect(request).toMatchObject({ path: "/v1/audio/transcriptions" });
    expect(request?.headers.authorization).toBe("Bearer sk-test");
    const file = request?.form.get("file");
    expect(file).toMatchObject({ name: "call.mp3", type: "audio/mpeg", size: 5 });
    expect(request?.form.get("response_format")).toBe("verbose_json");
  });

  test("by a model that gives text only, which is asked for json", async () => {
    const body = {
      text: "Hello there. Bye.",
      languages: [{ code: "de" }],
      usage: { type: "tokens", input_tokens: 14 },
    };
    const fact = factOf(await transcribe([{ body }], { model: "gpt-transcribe" }));
    expect(requests()[0]?.form.get("response_format")).toBe("json");
    expect(fact?.data).toMatchObject({ language: "de", segments: 0, words: 3, audioSeconds: 73 });
  });

  test("by a local server without key, usage, language and duration", async () => {
    const fact = factOf(await transcribe([{ body: { text: " Hello there. " } }], { model: "large-v3" }));
    expect(fact).toMatchObject({ type: "call.transcribed", data: { segments: 0, words: 2, audioSeconds: 73 } });
    expect(fact?.data).toMatchObject({ language: undefined });
  });

  test("by LocalAI, which counts in nanoseconds", async () => {
    const segments = [{ id: 0, start: 0, end: 9_640_000_000, text: "Hello." }];
    await transcribe([{ body: { text: "Hello.", duration: 9_700_000_000, segments } }], { model: "whisper-base" });
    expect(await stored(transcriptRef)).toMatchObject({ audioSeconds: 9.7, segments: [{ start: 0, end: 9.64 }] });
  });

  test.each([
    [
      "says so as OpenAI does",
      apiError("unsupported_value", "invalid_request_error", "response_format 'verbose_json' is not compatible"),
    ],
    [
      "says so as FastAPI does",
      { detail: [{ type: "enum", loc: ["body", "response_format"], msg: "Input should be json" }] },
    ],
    ["says nothing", ""],
    ["says so as whisper.cpp does", { error: "bad response_format" }],
  ])("a server that refuses verbose_json and %s is asked for json", async (_how, body) => {
    const fact = factOf(await transcribe([{ status: 400, body }, { body: { text: "Hello." } }], { model: "local" }));
    expect(fact).toMatchObject({ type: "call.transcribed", data: { requestId: "req_2" } });
    expect(requests().map(({ form }) => form.get("response_format"))).toEqual(["verbose_json", "json"]);
  });

  test("what whisper invents for silence is left out", async () => {
    const heard = verboseJson(["Hello.", "Thanks for watching!"]);
    const [first, second] = heard.segments;
    const segments = [first, { ...second, no_speech_prob: 0.9, avg_logprob: -1.4 }];
    await transcribe([{ body: { ...heard, segments } }]);
    expect(await stored(transcriptRef)).toMatchObject({ text: "Hello.", segments: [{ text: "Hello." }] });
  });

  test.each(["", "[BLANK_AUDIO]", " (music) ... "])("silence (%j) is a result, not a failure", async (text) => {
    const fact = factOf(await transcribe([{ body: { text } }]));
    expect(fact).toMatchObject({ type: "call.transcribed", data: { outcome: "no-speech", words: 0 } });
  });

  test("nothing is done twice, nor for an erased call", async () => {
    expect(await decide([transcribed(), recordingStored()], [])).toEqual({});
    expect(await decide([{ ...recordingStored(), erased: true }], [])).toEqual({});
    expect(requests()).toEqual([]);
  });
});

describe("a recording that cannot be transcribed", () => {
  test("because it is too large, is not even read", async () => {
    const fact = factOf(await decide([recordingStored({ bytes: 30 * 1024 * 1024 })], []));
    expect(fact).toMatchObject({ type: "call.transcription_failed", key: { fact: `${stream}/transcript` } });
    expect(fact?.data).toEqual({
      because: "too-large: 30.0 MiB, at most 24.0 MiB can be sent; long recordings are not split yet",
    });
  });

  test.each([400, 413, 415, 422])(
    "because of a %i, fails with codes and without the server's words",
    async (status) => {
      const body = apiError("invalid_value", "invalid_request_error", "Sarah said: my card is 4111", "file");
      const fact = factOf(await transcribe([{ status, body }]));
      expect(fact?.type).toBe("call.transcription_failed");
      expect(fact?.data).toEqual({
        because: `speech-to-text: ${status} invalid_value invalid_request_error file req_1`,
      });
    },
  );
});

describe("a model server that does not answer now", () => {
  const quota = apiError("insufficient_quota", "insufficient_quota", "You exceeded your current quota");
  const rate = apiError("rate_limit_exceeded", "requests", "Rate limit reached");
  test.each<[string, Reply, number]>([
    ["429 with Retry-After", { status: 429, headers: { "retry-after": "120" }, body: rate }, 120_000],
    ["429 with retry-after-ms", { status: 429, headers: { "retry-after-ms": "1500" }, body: rate }, 1_500],
    [
      "429 until a date",
      { status: 429, headers: { "retry-after": "Sun, 22 Nov 2026 10:01:00 GMT" }, body: rate },
      60_000,
    ],
    ["429 for a day", { status: 429, headers: { "retry-after": "86400" }, body: rate }, 3_600_000],
    ["429 and no more", { status: 429, body: { error: "busy" } }, 30_000],
    ["no quota", { status: 429, headers: { "retry-after": "1" }, body: quota }, 900_000],
    ["a wrong key", { status: 401, body: apiError("invalid_api_key", "invalid_request_error", "sk-te**st") }, 900_000],
    ["no right", { status: 403, body: { detail: "Forbidden" } }, 900_000],
    ["an empty account", { status: 402, body: { error: "pay" } }, 900_000],
    ["a model that is not installed", { status: 404, body: { detail: "Model not found" } }, 900_000],
    [
      "a model that is gone",
      { status: 400, body: apiError("model_not_found", "x", "whisper-1 was shut down") },
      900_000,
    ],
  ])("%s → later", async (_what, reply, afterMs) => {
    const error = await errorOf(transcribe([reply]));
    expect(error).toBeInstanceOf(RetryLater);
    expect(error).toMatchObject({ afterMs });
    expect(requests()).toHaveLength(1);
  });

  test.each<[string, Reply]>([
    ["500", { status: 500, body: apiError(null, "server_error", "secret words") }],
    ["502 in HTML", { status: 502, headers: { "content-type": "text/html" }, body: "<html>secret words</html>" }],
    ["JSON that breaks off", { body: '{"text":"secret words' }],
    ["a page instead of JSON", { headers: { "content-type": "text/html" }, body: "secret words" }],
    ["JSON without text", { body: { message: "secret words" } }],
    ["no answer in time", "hang"],
  ])("%s → thrown for the runtime to back off, once, without the server's words", async (_what, reply) => {
    const late = { limits: { speechTimeoutMs: 300 } };
    const error = await errorOf(transcribe([reply], late));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(RetryLater);
    expect(error).not.toBeInstanceOf(Permanent);
    for (let part: unknown = error; part instanceof Error; part = part.cause)
      expect(part.message).not.toMatch(/secret/);
    expect(requests()).toHaveLength(1);
  });

  test("no server at all → thrown, with the reason", async () => {
    const { baseUrl, close } = await startStandIn([]);
    close();
    const error = await errorOf(transcribe([], { speech: { baseUrl, model: "whisper-1" } }));
    expect(error).toMatchObject({ message: "speech-to-text: Connection error.", cause: expect.any(Error) });
  });

  test("draining ends the request with the reason of the runtime", async () => {
    const draining = { ...context, signal: AbortSignal.abort(new Error("draining")) };
    await storage.put("recording/1", Buffer.from("audio"));
    const server = { baseUrl: "http://127.0.0.1:9/v1", model: "whisper-1" };
    const [handler] = analysisHandlers({ speech: server, language: server, storage });
    const event = recordingStored();
    await expect(handler?.decide(event, handler.fold([event]), draining)).rejects.toThrow("draining");
  });
});
