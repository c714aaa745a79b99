/** CloudTalk's own ids, kept as strings like its core API shows them. */
export type CloudTalkAgent = {
  id: string;
  firstname: string;
  lastname: string;
  email: string;
  extension: string;
  /** E.164 with plus. */
  defaultNumber: string;
  availability: "online" | "offline" | "paused" | "calling";
};

export type CloudTalkContact = {
  id: string;
  name: string;
  /** title, company, industry, website, address, city, zip, state: as written, not escaped. */
  details: Record<string, string | null>;
  countryId: string | null;
  favoriteAgent: string | null;
  /** E.164 with plus. */
  numbers: string[];
  emails: string[];
  tags: string[];
  externalUrls: { name: string; url: string }[];
  attributes: { attributeId: string; value: string }[];
  createdAt: Date;
  modifiedAt: Date;
};

export type CloudTalkCall = {
  /** The CDR id; exists once the call has ended. */
  id: string;
  uuid: string;
  direction: "incoming" | "outgoing";
  outcome: "answered" | "missed" | "voicemail";
  /** E.164, or null for a withheld caller. */
  external: string | null;
  internal: string;
  agentId: string | null;
  contactId: string | null;
  startedAt: Date;
  answeredAt: Date | null;
  endedAt: Date | null;
  talkingSeconds: number;
  waitingSeconds: number;
  wrapUpSeconds: number;
  notes: { id: string; note: string }[];
  tags: { id: string; name: string }[];
  recording: { bytes: Buffer; type: string; readyAt: Date; expired: boolean } | null;
};

type CloudTalkNote = { id: string; contactId: string; agentId: string | null; note: string; createdAt: Date };

type CloudTalkActivity = {
  id: string;
  contactId: string;
  fields: Record<string, string>;
  createdAt: Date;
};

export type CloudTalkState = {
  companyId: number;
  agents: Map<string, CloudTalkAgent>;
  contacts: Map<string, CloudTalkContact>;
  calls: Map<string, CloudTalkCall>;
  notes: Map<string, CloudTalkNote>;
  activities: Map<string, CloudTalkActivity>;
  /** Tag name → id. One name space for contact tags, as `tags/index` shows it. */
  tags: Map<string, string>;
  attributes: { id: string; title: string }[];
  cueCards: { callUuid: string; body: unknown; at: Date }[];
  dials: { agentId: string; callee: string; at: Date }[];
  /** The last number given out, per kind; the ranges look like the vendor's. */
  lastIds: Record<"call" | "contact" | "agent" | "note" | "activity" | "tag", number>;
};

export const emptyCloudTalk = (): CloudTalkState => ({
  companyId: 100123,
  agents: new Map(),
  contacts: new Map(),
  calls: new Map(),
  notes: new Map(),
  activities: new Map(),
  tags: new Map(),
  attributes: [],
  cueCards: [],
  dials: [],
  lastIds: { call: 1_000_000_000, contact: 1_400_000_000, agent: 400_000, note: 70_000, activity: 80_000, tag: 600 },
});

export function nextCloudTalkId(state: CloudTalkState, kind: keyof CloudTalkState["lastIds"]): string {
  state.lastIds[kind] += 1;
  return String(state.lastIds[kind]);
}

/** The tag's id, giving it one when the name is new: an unknown name becomes a tag (facts/cloudtalk.md §1.6, inferred). */
export function tagId(state: CloudTalkState, name: string): string {
  const known = state.tags.get(name);
  if (known !== undefined) return known;
  const id = nextCloudTalkId(state, "tag");
  state.tags.set(name, id);
  return id;
}
