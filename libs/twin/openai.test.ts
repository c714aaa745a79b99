import { Ajv } from "ajv";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConversation } from "./conversation.ts";
import { judgements } from "./demo-answers.ts";
import { sampleCall } from "./sample-call.ts";
import { answerFor } from "./schema-answer.ts";
import { clientOf } from "./test-client.ts";
import { startTwin, type Twin } from "./twin.ts";
import { pcmWav, readWav, silentWav } from "./wav.ts";

let twin: Twin;
let ask: ReturnType<typeof clientOf>;
beforeAll(async () => {
  twin = await startTwin();
  ask = clientOf(twin);
});
afterAll(() => twin.close());

async function transcribe(bytes: Buffer, name: string, more: Record<string, string> = {}) {
  const form = new FormData();
  form.set("file", new File([new Uint8Array(bytes)], name));
  for (const [key, value] of Object.entries({ model: "whisper-1", response_format: "verbose_json", ...more }))
    form.set(key, value);
  const headers = { authorization: `Bearer ${twin.credentials.openaiKey}` };
  const answer = await fetch(`${twin.urls.openai}/audio/transcriptions`, { method: "POST", headers, body: form });
  const text = await answer.text();
  return { status: answer.status, text, json: () => JSON.parse(text) };
}

/** A part of one leg of the sample, as a client that splits the channels would send it. */
function leg(channel: 0 | 1, fromSeconds = 0, toSeconds = 1000): Buffer {
  const sound = readWav(sampleCall().wav);
  const samples = sound?.channels[channel]?.slice(fromSeconds * 8000, toSeconds * 8000) ?? new Float32Array();
  return pcmWav(8000, [Int16Array.from(samples, (sample) => Math.round(sample * 30_000))]);
}

describe("speech to text", () => {
  const whole = sampleCall()
    .turns.map((turn) => turn.text)
    .join(" ");

  it("knows the sample call, as WAV and as mp3, and answers in the format asked for", async () => {
    const verbose = (await transcribe(sampleCall().wav, "a.wav", { "timestamp_granularities[]": "word" })).json();
    expect(verbose).toMatchObject({ text: whole, language: "english", segments: { length: 13 } });
    expect(verbose.words[0]).toEqual({ word: "Thank", start: 0.3, end: expect.any(Number) });
    expect((await transcribe(sampleCall().mp3, "a.mp3", { response_format: "text" })).text.trim()).toBe(whole);
    const gpt = await transcribe(sampleCall().mp3, "a.mp3", { response_format: "json", model: "gpt-transcribe" });
    expect(gpt.json()).toMatchObject({ text: whole, languages: [{ code: "en" }], usage: { type: "tokens" } });
  });

  it("knows one leg of it, and a part of a leg, with times of the part", async () => {
    const customer = (await transcribe(leg(1), "customer.wav")).json();
    expect(customer.segments).toHaveLength(6);
    expect(customer.text).toMatch(/^Hi Sarah\./);
    const part = (await transcribe(leg(0, 26, 34), "part.wav")).json();
    expect(part.text).toMatch(/^Thank you\. I can see that your modem/);
    expect(part.segments[0].start).toBeCloseTo(0.161, 1);
  });

  it("hears nothing in silence, and a given text in audio it does not know", async () => {
    expect((await transcribe(silentWav(2), "silence.wav")).json()).toMatchObject({
      text: "",
      segments: [],
      duration: 2,
    });
    expect((await transcribe(Buffer.from("noise"), "a.mp3")).json().text).toBe(
      twin.control.settings().unknownAudioText,
    );
  });

  it("takes a chunked upload", async () => {
    const boundary = "chunked";
    const part = (name: string, value: string) =>
      `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n`;
        for (const chunk of [part("model", "whisper-1"), file, sampleCall().mp3, `\r\n--${boundary}--\r\n`]) {
          controller.enqueue(new Uint8Array(Buffer.from(chunk)));
        }
        controller.close();
      },
    });
    const headers = {
      authorization: `Bearer ${twin.credentials.openaiKey}`,
      "content-type": `multipart/form-data; boundary=${boundary}`,
    };
    const answer = await fetch(`${twin.urls.openai}/audio/transcriptions`, {
      method: "POST",
      headers,
      body,
      duplex: "half",
    });
    expect(await answer.json()).toMatchObject({ text: whole });
  });

  it("refuses what the vendor refuses, with all four fields of an error", async () => {
    const format = await transcribe(sampleCall().mp3, "a.mp3", { model: "gpt-transcribe" });
    expect(format.json()).toEqual({
      error: {
        message: "response_format 'verbose_json' is not compatible with model 'gpt-transcribe'.",
        type: "invalid_request_error",
        param: "response_format",
        code: "unsupported_value",
      },
    });
    expect((await transcribe(sampleCall().mp3, "a.mp3", { model: "whisper-9" })).status).toBe(404);
    expect((await transcribe(Buffer.alloc(26_300_000), "a.mp3")).status).toBe(413);
  });
});

const evidence = {
  type: "object",
  properties: { turn: { type: "integer" }, quote: { type: "string" } },
  required: ["turn", "quote"],
  additionalProperties: false,
};
const feedback = {
  type: "object",
  properties: {
    language: { type: "string" },
    headline: { type: "string", maxLength: 20 },
    callType: { type: "string", enum: ["sales", "support"] },
    sentiment: { anyOf: [{ type: "string", enum: ["positive", "negative"] }, { type: "null" }] },
    criteria: {
      type: "array",
      items: {
        type: "object",
        properties: {
          id: { type: "string" },
          score: { anyOf: [{ type: "integer", minimum: 0, maximum: 5 }, { type: "null" }] },
          evidence: { type: "array", maxItems: 3, items: { $ref: "#/$defs/evidence" } },
        },
        required: ["id", "score", "evidence"],
        additionalProperties: false,
      },
    },
    followUpDraft: { type: ["string", "null"] },
    somethingElse: { type: "array", minItems: 2, items: { type: "number", minimum: 3 } },
  },
  required: ["language", "headline", "callType", "sentiment", "criteria", "followUpDraft", "somethingElse"],
  additionalProperties: false,
  $defs: { evidence },
};

async function complete(content: string, schema: unknown, strict = true) {
  const messages = [
    {
      role: "system",
      content: "Judge by this rubric.\n- greeting: says hello\n- objection_handling: explores\n- magic: none",
    },
    { role: "user", content },
  ];
  const response_format = { type: "json_schema", json_schema: { name: "feedback", strict, schema } };
  const answer = await ask.openai("/chat/completions", { model: "gpt-6-luna", messages, response_format });
  const [choice] = (answer.body.choices ?? []) as { message: { content: string; refusal: null }; logprobs: null }[];
  return { answer, choice, object: JSON.parse(choice?.message.content ?? "null") };
}

describe("structured answers", () => {
  const transcript = sampleCall()
    .turns.map((turn, i) => `[${i + 100}] ${turn.speaker}: ${turn.text}`)
    .join("\n");
  const ajv = new Ajv({ strict: false });
  const valid = ajv.compile(feedback);

  it("validate against the schema that was sent and say what is true of the sample call", async () => {
    const { object, choice } = await complete(transcript, feedback);
    expect(valid(object) || valid.errors).toBe(true);
    expect(choice).toMatchObject({ logprobs: null, message: { refusal: null } });
    expect(object).toMatchObject({ language: "en", callType: "support", sentiment: "positive" });
    expect(object.criteria.map(({ id, score }: { id: string; score: number }) => [id, score])).toEqual([
      ["greeting", 5],
      ["objection_handling", 2],
      ["magic", 4],
    ]);
  });

  it("quote words that fall in the line whose number they name", async () => {
    const { object } = await complete(transcript, feedback);
    for (const { turn, quote } of object.criteria.flatMap((one: { evidence: unknown[] }) => one.evidence)) {
      expect(sampleCall().turns[turn - 100]?.text).toContain(quote);
    }
    for (const { quote } of judgements) expect(sampleCall().turns.some(({ text }) => text.includes(quote))).toBe(true);
  });

  it("know the sample call also when its sentences are numbered one by one", async () => {
    const sentences = sampleCall().turns.flatMap(({ text }) => text.split(/(?<=[.?])\s/));
    const { object } = await complete(sentences.map((text, i) => `${i + 1} ${text}`).join("\n"), feedback);
    expect(object).toMatchObject({ callType: "support", criteria: [{ evidence: [{ turn: 1 }] }, {}, {}] });
  });

  it("invent nothing about a call the twin does not know", async () => {
    const { object } = await complete("[0] agent: Hello?\n[1] customer: Wrong number.", feedback);
    expect(valid(object) || valid.errors).toBe(true);
    expect(object).toMatchObject({ sentiment: null, followUpDraft: null });
  });

  it("validate against any schema of the kinds that strict mode takes", () => {
    const name = fc.constantFrom(
      "summary",
      "score",
      "criteria",
      "id",
      "quote",
      "turn",
      "due",
      "anything",
      "evidence",
      "status",
    );
    const bounds = fc.tuple(fc.integer({ min: -9, max: 9 }), fc.nat(9));
    const { node } = fc.letrec<{ node: Record<string, unknown> }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4, depthSize: "small" },
        fc.record({ type: fc.constant("string"), maxLength: fc.nat(30) }),
        fc.record({ type: fc.constant("string"), minLength: fc.nat(30) }),
        fc.record({ type: fc.constantFrom("string", ["string", "null"]), enum: fc.constant(["pass", "other thing"]) }),
        fc.constant({ type: ["boolean", "null"] }),
        bounds.map(([minimum, more]) => ({ type: "integer", minimum, maximum: minimum + more })),
        bounds.map(([exclusiveMinimum, more]) => ({
          type: "number",
          exclusiveMinimum,
          exclusiveMaximum: exclusiveMinimum + more + 1,
        })),
        fc.record({ anyOf: fc.tuple(tie("node"), fc.constant({ type: "null" })) }),
        fc
          .tuple(tie("node"), fc.nat(3), fc.nat(3))
          .map(([items, minItems, more]) => ({ type: "array", items, minItems, maxItems: minItems + more })),
        fc.dictionary(name, tie("node"), { maxKeys: 4 }).map((properties) => ({
          type: "object",
          properties,
          required: Object.keys(properties),
          additionalProperties: false,
        })),
      ),
    }));
    const conversations = [readConversation(transcript), readConversation("nothing known")];
    fc.assert(
      fc.property(node, fc.constantFrom(...conversations), (schema, about) => {
        const check = ajv.compile(schema);
        const answer = answerFor(schema, about);
        expect(check(answer) || [check.errors, answer]).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it("are refused for a schema that strict mode does not take", async () => {
    const open = { type: "object", properties: { a: { type: "string" } }, required: ["a"] };
    const optional = { ...open, required: [], additionalProperties: false };
    expect((await complete("x", open)).answer.body).toMatchObject({
      error: { type: "invalid_request_error", param: "response_format", code: null },
    });
    expect((await complete("x", optional)).answer.status).toBe(400);
    expect((await complete("x", open, false)).answer.status).toBe(200);
  });
});
