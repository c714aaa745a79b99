/** The vendors' ids are distinct types: a CloudTalk id can never be passed where a GHL id is meant. */
export type CloudTalkCallId = string & { readonly __id: "cloudtalk-call" };
export type CloudTalkCallUuid = string & { readonly __id: "cloudtalk-call-uuid" };
export type CloudTalkContactId = string & { readonly __id: "cloudtalk-contact" };
export type GhlContactId = string & { readonly __id: "ghl-contact" };

/** The name of a stream: one subject under ONE vendor id. Links between ids are events (`call.identified`, `contact.linked`). */
export const stream = {
  /** The numeric id (CDR id), which exists only after a call has ended. */
  callById: (id: string) => `call:n:${id}`,
  /** The uuid, which exists from the start of a call. */
  callByUuid: (uuid: string) => `call:u:${uuid}`,
  /** A call reported without any id, named by the keyed hash of the report. It never joins another stream. */
  callWithoutId: (hash: string) => `call:x:${hash}`,
  cloudtalkContact: (id: string) => `contact:ct:${id}`,
  ghlContact: (id: string) => `contact:ghl:${id}`,
  /** A contact known only by a number, named by its keyed hash. */
  contactByPhone: (hash: string) => `contact:phone:${hash}`,
  opportunity: (id: string) => `opportunity:${id}`,
  agent: (id: string) => `agent:${id}`,
  /** What concerns the account as a whole. */
  account: (name: string) => `account:${name}`,
  /** The sweeps of one day, such as `2026-11-22`: many, and soon of no interest. */
  sweeps: (day: string) => `sweeps:${day}`,
};
