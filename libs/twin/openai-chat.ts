import { randomUUID } from "node:crypto";
import { z } from "zod";
import { readConversation } from "./conversation.ts";
import { strictProblem } from "./json-schema.ts";
import { openaiError, unknownModel } from "./openai-answer.ts";
import { type Answer, ok, type Route } from "./route.ts";
import { answerFor } from "./schema-answer.ts";
import type { World } from "./world.ts";

const part = z.object({ type: z.string(), text: z.string().optional() });
const chatBody = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.union([z.string(), z.array(part), z.null()]) })).min(1),
  response_format: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      z.object({ type: z.literal("json_object") }),
      z.object({
        type: z.literal("json_schema"),
        json_schema: z.object({
          name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
          strict: z.boolean().nullish(),
          schema: z.record(z.string(), z.unknown()),
        }),
      }),
    ])
    .optional(),
});

/** `POST /chat/completions` with structured output, and `GET /models` (facts/openai.md §1.3, §2). */
export function chatRoutes(world: World): Route[] {
  return [
    {
      vendor: "openai",
      operation: "chat.completions",
      method: "POST",
      path: "/chat/completions",
      handle: ({ body }) => complete(world, body),
    },
    { vendor: "openai", operation: "models.list", method: "GET", path: "/models", handle: () => models(world) },
  ];
}

function complete(world: World, body: unknown): Answer {
  const parsed = chatBody.safeParse(body);
  if (!parsed.success) {
    const { path = [], message = "invalid" } = parsed.error.issues[0] ?? {};
    return openaiError(400, `Invalid value for '${path.join(".")}': ${message}`, { param: path.join(".") });
  }
  const { model, messages, response_format: format } = parsed.data;
  if (!world.settings.openaiModels.includes(model)) return unknownModel(model);
  const prompt = messages.map(({ content }) => textOf(content)).join("\n");
  let content: string;
  if (format?.type === "json_schema") {
    const { name, schema, strict } = format.json_schema;
    const problem = strict === true ? strictProblem(schema) : undefined;
    if (problem !== undefined) {
      return openaiError(400, `Invalid schema for response_format '${name}': ${problem}`, { param: "response_format" });
    }
    content = JSON.stringify(answerFor(schema, readConversation(prompt)));
  } else {
    content = format?.type === "json_object" ? "{}" : "The call was about slow internet; a technician visit is booked.";
  }
  return ok(completion(world, model, prompt, content));
}

const textOf = (content: string | { text?: string | undefined }[] | null): string =>
  typeof content === "string" ? content : (content ?? []).map((one) => one.text ?? "").join("\n");

/** About four characters make a token. */
function completion(world: World, model: string, prompt: string, content: string): unknown {
  const promptTokens = Math.ceil(prompt.length / 4);
  const completionTokens = Math.ceil(content.length / 4);
  return {
    id: `chatcmpl-${randomUUID()}`,
    object: "chat.completion",
    created: Math.floor(world.now().getTime() / 1000),
    model,
    choices: [
      { index: 0, finish_reason: "stop", logprobs: null, message: { role: "assistant", content, refusal: null } },
    ],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
  };
}

/** The speech models that end on 26 Feb 2027 say so (facts/openai.md §0). */
const ending = ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize"];

function models(world: World): Answer {
  return ok({
    object: "list",
    data: world.settings.openaiModels.map((id) => ({
      id,
      object: "model",
      created: 1_700_000_000,
      owned_by: "system",
      ...(ending.includes(id) ? { shutdown_date: "2027-02-26" } : {}),
    })),
  });
}
