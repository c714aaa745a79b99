export type { CallDetails } from "./call-details.ts";
export type { HistoryPage, HistoryRow } from "./call-history.ts";
export { type CloudTalk, type CloudTalkOptions, createCloudTalk } from "./client.ts";
export type { Contact, NewContact } from "./contact.ts";
export { normaliseCloudTalk } from "./normalise.ts";
export type { Recording } from "./recording.ts";
export { cloudTalkDeliveryId, type SignedDelivery, verifyCloudTalkSignature } from "./signature.ts";
