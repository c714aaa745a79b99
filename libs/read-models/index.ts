export { type ExplainOptions, type Explanation, explainCall } from "./explain/explain-call.ts";
export { explainUnknown, type UnknownExplanation } from "./explain/explain-unknown.ts";
export { renderExplanation, renderUnknown } from "./explain/render.ts";
export type { FoundCall } from "./find-calls.ts";
export type { CallHistory, Delivery, Waiting } from "./history.ts";
export type { Asked, Question } from "./inbox.ts";
export { type ProjectorOptions, startProjector } from "./projector.ts";
export { openReadModels, type Progress, type ReadModels } from "./read-models.ts";
