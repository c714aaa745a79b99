import { createHmac } from "node:crypto";
import type { NewEvent, Normalised } from "@callbridge/events";
import { normaliseGhl } from "./normalise.ts";

/** For tests: a webhook as ingress hands it over. */
export const receivedAt = "2026-11-22T10:00:00.000Z";
export const hash = (text: string) => createHmac("sha256", "test").update(text).digest("hex");

export function deliver(endpoint: string, body: unknown, at = receivedAt): Normalised {
  return normaliseGhl({ endpoint, body, receivedAt: at }, { defaultCountry: "IT", hash });
}

export function eventsOf(endpoint: string, body: unknown, at = receivedAt): NewEvent[] {
  const normalised = deliver(endpoint, body, at);
  return normalised.verdict === "accepted" ? normalised.events : [];
}

/** The one event of an accepted delivery. */
export function eventOf(endpoint: string, body: unknown, at = receivedAt): NewEvent {
  const [event, second] = eventsOf(endpoint, body, at);
  if (event === undefined || second !== undefined) throw new Error(JSON.stringify(deliver(endpoint, body)));
  return event;
}

/** GHL's standard workflow payload (facts/ghl.md §5.2). */
export const standard = {
  contact_id: "AdaContact0000000001",
  first_name: "Ada",
  last_name: "Rossi",
  full_name: "Ada Rossi",
  email: "ada@example.com",
  phone: "+393331234567",
  tags: "lead, facebook",
  country: "IT",
  date_created: "2026-11-22T09:00:00.000Z",
  contact_source: "facebook",
  contact_type: "lead",
  location: { id: "LocationAda000000001", name: "Acme" },
  user: { firstName: "Sales", lastName: "Agent", email: "agent@example.com", phone: "+390601234567", extension: "" },
  workflow: { id: "WF", name: "New lead" },
  triggerData: {},
  contact: { attributionSource: {}, lastAttributionSource: {} },
  attributionSource: {},
  customData: {},
};

/** What GHL adds to it for opportunity triggers. */
export const opportunityPart = {
  id: "AdaOpportunity000001",
  opportunity_name: "Ada Rossi's kitchen",
  status: "open",
  lead_value: 1500,
  source: "",
  pipleline_stage: "Qualified",
  pipeline_id: "AdaPipeline000000001",
  pipeline_name: "Sales",
  owner: "Sales Agent",
};
