import type { Call } from "@callbridge/events";
import type { Handler } from "@callbridge/service";
import type { Storage } from "@callbridge/storage";
import { analyser } from "./analyse.ts";
import { feedbackHandler } from "./feedback-handler.ts";
import { type AnalysisLimits, analysisLimits } from "./limits.ts";
import type { ModelServer } from "./model-server.ts";
import { instructionsFor } from "./prompt.ts";
import { defaultRubric, type Rubric } from "./rubric.ts";
import { transcriber } from "./transcribe.ts";
import { transcriptionHandler } from "./transcription-handler.ts";

export type AnalysisDeps = {
  /** Speech to text. */
  speech: ModelServer;
  language: ModelServer;
  storage: Pick<Storage, "readAll" | "put">;
  /** Name of the language to write feedback in ("German"). Absent: the language of the call. */
  outputLanguage?: string | undefined;
  rubric?: Rubric | undefined;
  /** Where they differ from `analysisLimits`, e.g. for a local model with a small context. */
  limits?: Partial<AnalysisLimits> | undefined;
};

/** `recording.stored` → `call.transcribed` → `call.analysed`, each a handler of its own with a failure of its own. */
export function analysisHandlers(deps: AnalysisDeps): Handler<Call>[] {
  const { speech, language, storage, outputLanguage, rubric = defaultRubric } = deps;
  const limits = { ...analysisLimits, ...deps.limits };
  const instructions = instructionsFor(rubric, outputLanguage);
  return [
    transcriptionHandler({ transcribe: transcriber(speech, limits.speechTimeoutMs), storage, limits }),
    feedbackHandler({ analyse: analyser(language, rubric, limits), storage, instructions, rubric, limits }),
  ];
}
