import { type Call, type EventPersonal, foldCall, isEvent } from "@callbridge/events";
import { type Decision, type Handler, Permanent } from "@callbridge/service";
import type { Storage } from "@callbridge/storage";
import type { Analyse } from "./analyse.ts";
import { type CheckedFeedback, checkFeedback } from "./feedback.ts";
import type { AnalysisLimits } from "./limits.ts";
import { type Instructions, promptVersion, transcriptMessage } from "./prompt.ts";
import type { Rubric } from "./rubric.ts";
import { type Transcript, transcriptSchema } from "./transcript.ts";

type Deps = {
  analyse: Analyse;
  storage: Pick<Storage, "readAll" | "put">;
  instructions: Instructions;
  rubric: Rubric;
  limits: AnalysisLimits;
};

/** A transcript with speech → checked feedback on the call. When it fails, the transcript stays: it is a fact of its own. */
export function feedbackHandler({ analyse, storage, instructions, rubric, limits }: Deps): Handler<Call> {
  return {
    name: "feedback",
    on: ["call.transcribed"],
    fold: foldCall,
    lease: (event, call) => (call.analysis ? undefined : `analysis:${call.stream ?? event.stream}`),

    async decide(event, call, context): Promise<Decision> {
      if (!isEvent(event, "call.transcribed") || call.analysis || call.erased) return {};
      if (event.data.outcome === "no-speech") return {};
      const stream = call.stream ?? event.stream;
      const transcript = readTranscript(await storage.readAll(event.data.ref, limits.transcriptBytesMax));
      // Keyed and of this event only, so nobody in the call can know it.
      const message = transcriptMessage(transcript, context.hash(`mark of ${event.id}`).slice(0, 24));
      if (message.length > limits.transcriptCharactersMax) return failed(stream, "transcript-too-long");

      const opinion = await analyse({ instructions: instructions.text, transcript: message }, context);
      if ("failed" in opinion) return failed(stream, opinion.failed);

      const { given, model, requestId, inputTokens, outputTokens } = opinion;
      const checked = checkFeedback(given, rubric, allText(transcript));
      const made = { model, promptVersion, requestId };
      const versions = { version: 1, rubricVersion: rubric.version, promptSha256: instructions.sha256 };
      const object = Buffer.from(JSON.stringify({ ...versions, ...made, ...checked }));
      const stored = await storage.put(`analysis/${context.hash(stream)}`, object);

      const { callType, resolution: outcome, sentiment, language } = checked.feedback;
      const judged = { callType, outcome, sentiment, score: checked.score, language };
      const data = { ...stored, ...judged, ...made, inputTokens, outputTokens };
      return {
        append: [{ type: "call.analysed", stream, key: keyOf(stream), data, personal: textsOf(checked) }],
      };
    },
  };
}

/** One call has one verdict, analysis or failure: whoever comes second is refused. */
const keyOf = (stream: string) => ({ fact: `${stream}/analysis` });

function failed(stream: string, because: string): Decision {
  return { append: [{ type: "call.analysis_failed", stream, key: keyOf(stream), data: { because }, personal: {} }] };
}

function readTranscript(content: Buffer): Transcript {
  try {
    return transcriptSchema.parse(JSON.parse(content.toString("utf8")));
  } catch {
    // Without a cause: a syntax error quotes what it could not read.
    throw new Permanent("the stored transcript cannot be read");
  }
}

/** Where a quote may come from: segments and text can differ in spacing. */
const allText = ({ text, segments }: Transcript) => [text, ...segments.map((segment) => segment.text)].join(" ");

type Checked = CheckedFeedback["feedback"];

function textsOf({ feedback }: CheckedFeedback): EventPersonal<"call.analysed"> {
  return {
    headline: feedback.headline,
    summary: `${feedback.summary} ${feedback.outcome}`.trim(),
    actionItems: feedback.actionItems.map(actionText),
    coaching: feedback.coaching.map(coachingText),
  };
}

function actionText({ owner, action, due }: Checked["actionItems"][number]): string {
  return `${owner}: ${action}${due ? ` (${due})` : ""}`;
}

/** No quotation marks: the example was not said in the call. */
function coachingText({ observation, suggestion, exampleWording }: Checked["coaching"][number]): string {
  return `${observation} ${suggestion}${exampleWording ? ` (${exampleWording})` : ""}`;
}
