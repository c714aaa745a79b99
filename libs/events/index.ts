export * from "./call.ts";
export {
  type CallDirection,
  type CallOutcome,
  callDirection,
  callOutcome,
  recordingUnavailable,
} from "./call-events.ts";
export * from "./catalogue.ts";
export * from "./contact-link.ts";
export * from "./effect.ts";
export { type EffectKind, effectKind } from "./effect-events.ts";
export * from "./event.ts";
export { cloudtalkContactId, ghlContactId } from "./fields.ts";
export * from "./linking.ts";
export * from "./normalised.ts";
export * from "./streams.ts";
export type { ImportTally } from "./sync-events.ts";
export * from "./webhook-template.ts";
