import { createServer, type IncomingMessage } from "node:http";

/** What the stand-in answers next; `hang` answers never. Bodies that are texts go out as they are. */
export type Reply = { status?: number; headers?: Record<string, string>; body: unknown } | "hang";
type Received = { path: string; headers: IncomingMessage["headers"]; form: FormData; json: unknown };
export type StandIn = { baseUrl: string; received: Received[]; close: () => void };

/** A model server for tests, in OpenAI's shapes (facts/openai.md 1 and 2). It answers each request with the next reply. */
export async function startStandIn(replies: Reply[]): Promise<StandIn> {
  const received: Received[] = [];
  const left = [...replies];
  const server = createServer(async (request, response) => {
    received.push(await read(request));
    const reply = left.shift() ?? { status: 500, body: { error: { message: "no reply is left in the script" } } };
    if (reply === "hang") return;
    const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
    const headers = { "content-type": "application/json", "x-request-id": `req_${received.length}`, ...reply.headers };
    response.writeHead(reply.status ?? 200, headers).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stand-in has no port");
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { baseUrl: `http://127.0.0.1:${address.port}/v1`, received, close };
}

async function read(request: IncomingMessage): Promise<Received> {
  const body = Buffer.concat(await request.toArray());
  const type = request.headers["content-type"] ?? "";
  const isForm = type.startsWith("multipart/");
  const form = isForm ? await new Response(body, { headers: { "content-type": type } }).formData() : new FormData();
  const json: unknown = isForm ? undefined : JSON.parse(body.toString("utf8"));
  return { path: request.url ?? "", headers: request.headers, form, json };
}

/** An answer in `verbose_json`; all ten fields of a segment, as OpenAI sends them. */
export function verboseJson(texts: string[], over: Record<string, unknown> = {}) {
  const segments = texts.map((text, id) => ({
    ...{ id, seek: 0, start: id * 5, end: id * 5 + 4.5, text: ` ${text}`, tokens: [50364, 440], temperature: 0 },
    ...{ avg_logprob: -0.28, compression_ratio: 1.2, no_speech_prob: 0.01 },
  }));
  const usage = { type: "duration", seconds: 73 };
  return { task: "transcribe", language: "english", duration: 72.9, text: texts.join(" "), segments, usage, ...over };
}

/** A chat completion with one choice. */
export function completion(content: unknown, over: { finish_reason?: string; refusal?: string } = {}) {
  const text = content === null || typeof content === "string" ? content : JSON.stringify(content);
  const message = { role: "assistant", content: text, refusal: over.refusal ?? null, annotations: [] };
  return {
    ...{ id: "chatcmpl-1", object: "chat.completion", created: 1_741_569_952, model: "gpt-6-luna-2026-09-01" },
    choices: [{ index: 0, message, logprobs: null, finish_reason: over.finish_reason ?? "stop" }],
    usage: { prompt_tokens: 1_100, completion_tokens: 450, total_tokens: 1_550 },
  };
}

export const apiError = (code: string | null, type: string, message: string, param: string | null = null) => ({
  error: { message, type, param, code },
});
