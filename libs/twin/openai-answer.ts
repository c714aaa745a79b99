import type { Answer } from "./route.ts";

/** OpenAI's errors always carry all four fields, null where there is nothing to say (facts/openai.md §2). */
export const openaiError = (
  status: number,
  message: string,
  more: { type?: string; param?: string | null; code?: string | null } = {},
): Answer => ({
  status,
  body: {
    error: { message, type: more.type ?? "invalid_request_error", param: more.param ?? null, code: more.code ?? null },
  },
});

export const unknownModel = (model: string): Answer =>
  openaiError(404, `The model '${model}' does not exist or you do not have access to it.`, { code: "model_not_found" });
