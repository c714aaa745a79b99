/** One address that a webhook can be pointed at. */
export type Endpoint = {
  path: string;
  vendor: "cloudtalk" | "ghl";
  /** What the normalisers call it. */
  name: string;
  /** How it is authenticated; undefined: by the shared secret. */
  signed?: "svix" | "ed25519";
};

const cloudtalk = [
  "new-tag",
  "contact-updated",
  "call-started",
  "call-ended",
  "new-note",
  "call-recording-ready",
  "transcription-ready",
  "call-answered",
  "call-modified",
  "agent-status-changed",
];
const ghl = ["new-contact", "new-tag", "new-note", "pipeline-stage-changed", "opportunity-status-changed"];
/** Names that installations of the predecessor still use. */
const formerNames = { "pipeline-change": "pipeline-stage-changed", "status-change": "opportunity-status-changed" };

export const endpoints: Endpoint[] = [
  ...cloudtalk.map((name): Endpoint => ({ path: `/cloudtalk-webhooks/${name}`, vendor: "cloudtalk", name })),
  { path: "/cloudtalk-webhooks", vendor: "cloudtalk", name: "native", signed: "svix" },
  ...ghl.map((name): Endpoint => ({ path: `/ghl-webhooks/${name}`, vendor: "ghl", name })),
  ...Object.entries(formerNames).map(
    ([path, name]): Endpoint => ({ path: `/ghl-webhooks/${path}`, vendor: "ghl", name }),
  ),
  { path: "/ghl-webhooks", vendor: "ghl", name: "app", signed: "ed25519" },
];
