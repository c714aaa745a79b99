import type { OpenAI } from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { type Feedback, feedbackSchema } from "./feedback.ts";
import type { AnalysisLimits } from "./limits.ts";
import { ask, type ModelServer, modelClient, type Refusal } from "./model-server.ts";
import type { Rubric } from "./rubric.ts";

type Message = OpenAI.ChatCompletionMessageParam;

/** What the model said of a call, not checked yet. */
type Opinion = {
  given: Feedback;
  model: string;
  requestId: string | undefined;
  /** Of both attempts together when the model was asked twice; absent when the server does not count. */
  inputTokens: number | undefined;
  outputTokens: number | undefined;
};
export type Analyse = (
  prompt: { instructions: string; transcript: string },
  context: { now: Date; signal: AbortSignal },
) => Promise<Opinion | { failed: string }>;

/** One re-ask is worth its price; a model that fails twice fails always. */
const asksMax = 2;
const issuesMax = 10;

/**
 * Asks a language model over `POST {baseUrl}/chat/completions`, the API that other servers speak too. `failed` holds no
 * personal data. Errors: see `ask`.
 */
export function analyser(server: ModelServer, rubric: Rubric, limits: AnalysisLimits): Analyse {
  const client = modelClient(server, limits.languageTimeoutMs);
  const schema = feedbackSchema(rubric);
  const format = zodResponseFormat(schema, "call_feedback");

  return async (prompt, context) => {
    const messages: Message[] = [
      { role: "system", content: prompt.instructions },
      { role: "user", content: prompt.transcript },
    ];
    const tokens: { input?: number; output?: number } = {};
    let complaint = "";
    for (let asked = 0; asked < asksMax; asked += 1) {
      const { signal } = context;
      const request = { model: server.model, messages, response_format: format, store: false };
      const answer = await ask(
        "language model",
        client.chat.completions
          .create({ ...request, max_completion_tokens: limits.outputTokensMax }, { signal })
          .withResponse(),
        context,
      );
      if ("refused" in answer) {
        return { failed: isTooLong(answer) ? "transcript-too-long" : answer.refused };
      }
      const { choices, model, usage } = completionOf(answer.data);
      if (usage?.prompt_tokens !== undefined) tokens.input = (tokens.input ?? 0) + usage.prompt_tokens;
      if (usage?.completion_tokens !== undefined) tokens.output = (tokens.output ?? 0) + usage.completion_tokens;

      const { message, finish_reason } = choices[0];
      if (message.refusal) return { failed: "refused-by-model" };
      if (finish_reason === "content_filter") return { failed: "content-filter" };
      if (finish_reason === "length") return { failed: "answer-cut: the model used up its output tokens" };

      const content = message.content ?? "";
      const read = readFeedback(content, schema);
      if ("given" in read) {
        return {
          given: read.given,
          model: model ?? server.model,
          requestId: answer.requestId,
          inputTokens: tokens.input,
          outputTokens: tokens.output,
        };
      }
      complaint = read.complaint;
      messages.push(
        { role: "assistant", content },
        {
          role: "user",
          content: `That answer cannot be used. Give it again, whole, as JSON by the schema.\n${read.issues}`,
        },
      );
    }
    return { failed: complaint };
  };
}

/** OpenAI has a code for it, vLLM and others only say so. */
function isTooLong({ code, complaint }: Refusal): boolean {
  return code === "context_length_exceeded" || /maximum context length|context (size|window)/i.test(complaint);
}

const choiceSchema = z.object({
  finish_reason: z.string().nullish(),
  message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
});
const count = z.number().int().nonnegative().optional().catch(undefined);
const completionSchema = z.object({
  model: z.string().max(200).optional().catch(undefined),
  choices: z.tuple([choiceSchema], choiceSchema),
  usage: z.object({ prompt_tokens: count, completion_tokens: count }).optional().catch(undefined),
});

function completionOf(data: unknown): z.infer<typeof completionSchema> {
  const completion = completionSchema.safeParse(data);
  if (!completion.success) throw new Error("language model: an answer of an unknown shape");
  return completion.data;
}

type Read = { given: Feedback } | { complaint: string; issues: string };

/** Small models wrap JSON in a code fence although they were told the format. */
function readFeedback(content: string, schema: z.ZodType<Feedback>): Read {
  const bare = content.trim().replace(/^```(?:json)?\s*|\s*```$/g, "");
  const json = parseJson(bare);
  if (json === undefined) return { complaint: "not-json: twice no JSON came back", issues: "It is not JSON." };
  const feedback = schema.safeParse(json);
  if (feedback.success) return { given: feedback.data };
  const issues = feedback.error.issues.slice(0, issuesMax).map(({ path, message }) => `${path.join(".")}: ${message}`);
  return { complaint: "wrong-shape: twice the answer did not fit the schema", issues: issues.join("\n") };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
