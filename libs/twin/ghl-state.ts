export type GhlCustomField = {
  id: string;
  name: string;
  fieldKey: string;
  dataType: string;
  placeholder: string;
  position: number;
  model: "contact" | "opportunity";
  picklistOptions: string[];
};

export type GhlContact = {
  id: string;
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  /** E.164. */
  phone: string | null;
  companyName: string | null;
  /** Only people can write them (#262). Phones as E.164. */
  additionalPhones: string[];
  additionalEmails: string[];
  /** address1, city, state, postalCode, website, timezone, source, country, dateOfBirth. */
  details: Record<string, string | null>;
  dnd: boolean;
  dndSettings: Record<string, unknown>;
  assignedTo: string | null;
  type: "lead";
  tags: string[];
  customFields: { id: string; value: unknown }[];
  dateAdded: Date;
  dateUpdated: Date;
};

export type GhlNote = {
  id: string;
  contactId: string;
  body: string;
  userId: string | null;
  title: string | null;
  color: string | null;
  pinned: boolean;
  dateAdded: Date;
  /** Readable from here on (`applyDelayMs`). */
  visibleAt: Date;
};

export type GhlTask = {
  id: string;
  contactId: string;
  title: string;
  body: string | null;
  dueDate: string;
  completed: boolean;
  assignedTo: string | null;
  visibleAt: Date;
};

export type GhlMessage = {
  id: string;
  conversationId: string;
  contactId: string;
  direction: "inbound" | "outbound";
  status: string;
  from: string | null;
  to: string | null;
  altId: string | null;
  body: string;
  attachments: string[];
  conversationProviderId: string | null;
  dateAdded: Date;
  visibleAt: Date;
};

export type GhlConversation = { id: string; contactId: string; dateAdded: Date; dateUpdated: Date };

type GhlPipeline = { id: string; name: string; stages: { id: string; name: string; position: number }[] };

export type GhlOpportunity = {
  id: string;
  name: string;
  monetaryValue: number;
  pipelineId: string;
  pipelineStageId: string;
  status: "open" | "won" | "lost" | "abandoned";
  assignedTo: string | null;
  contactId: string;
  source: string | null;
  lostReasonId: string | null;
  customFields: { id: string; fieldValue: unknown }[];
  createdAt: Date;
  updatedAt: Date;
  lastStageChangeAt: Date;
  lastStatusChangeAt: Date;
};

export type GhlUser = { id: string; firstName: string; lastName: string; email: string; phone: string };

/** Sub-account tokens speak for the location; agency tokens for the company, until they are exchanged. */
export type GhlTokenKind = "Location" | "Company";

type GhlOAuthState = {
  /** Given by the consent page; each is good for one exchange. */
  codes: Map<string, GhlTokenKind>;
  accessTokens: Map<string, { kind: GhlTokenKind; until: Date }>;
  /** Each is good for one refresh (facts/ghl.md §2). */
  refreshTokens: Map<string, GhlTokenKind>;
};

export type GhlState = {
  contacts: Map<string, GhlContact>;
  /** What the search index has seen of each contact, oldest first; null once deleted. */
  indexed: Map<string, { at: Date; contact: GhlContact | null }[]>;
  customFields: Map<string, GhlCustomField>;
  locationTags: Map<string, string>;
  notes: Map<string, GhlNote>;
  tasks: Map<string, GhlTask>;
  conversations: Map<string, GhlConversation>;
  messages: Map<string, GhlMessage>;
  pipelines: GhlPipeline[];
  opportunities: Map<string, GhlOpportunity>;
  users: Map<string, GhlUser>;
  /** Workflow id → contacts enrolled in it. */
  enrolments: { workflowId: string; contactId: string; at: Date }[];
  /** What arrived at the inbound-webhook trigger. */
  callLogs: { trigger: string; body: unknown; at: Date }[];
  oauth: GhlOAuthState;
  lastIds: Record<string, number>;
};

export const emptyGhl = (): GhlState => ({
  contacts: new Map(),
  indexed: new Map(),
  customFields: new Map(),
  locationTags: new Map(),
  notes: new Map(),
  tasks: new Map(),
  conversations: new Map(),
  messages: new Map(),
  pipelines: [],
  opportunities: new Map(),
  users: new Map(),
  enrolments: [],
  callLogs: [],
  oauth: { codes: new Map(), accessTokens: new Map(), refreshTokens: new Map() },
  lastIds: {},
});

/** A readable id of the vendor's length: 20 letters and digits, e.g. `GhlContact0000000001`. */
export function nextGhlId(state: GhlState, kind: string): string {
  const next = (state.lastIds[kind] ?? 0) + 1;
  state.lastIds[kind] = next;
  const name = `Ghl${kind}`;
  return name + String(next).padStart(20 - name.length, "0");
}
