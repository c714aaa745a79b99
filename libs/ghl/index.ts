export type { GhlOptions } from "./api.ts";
export type { GhlCallLog, GhlCallMessage, GhlCallStatus } from "./calls.ts";
export { createGhl, type Ghl } from "./client.ts";
export type { GhlContact } from "./contact.ts";
export { ghlCustomField, ghlFieldUpdate, readGhlField } from "./contact-fields.ts";
export type { GhlContactPage, GhlCursor } from "./contact-search.ts";
export type { GhlContactUpdate, GhlFieldValue, NewGhlContact } from "./contacts.ts";
export { ghlDeliveryId, ghlLocationOf } from "./delivery.ts";
export type { GhlCustomField, GhlCustomFieldType, GhlPipeline, GhlUser } from "./location.ts";
export { normaliseGhl } from "./normalise.ts";
export type { GhlNote, GhlNoteText } from "./notes.ts";
export {
  createGhlOAuth,
  type GhlApp,
  GhlGrantRefused,
  type GhlOAuth,
  ghlConsentUrl,
} from "./oauth.ts";
export { type GhlOpportunity, type GhlOpportunityStatus, opportunityStatus } from "./opportunities.ts";
export { ghlPublicKey, verifyGhlSignature } from "./signature.ts";
export type { GhlTask, NewGhlTask } from "./tasks.ts";
export { ghlTemplates } from "./templates.ts";
