import { normaliseCloudTalk } from "@callbridge/cloudtalk";
import type { EventLog, Keyring } from "@callbridge/event-log";
import type { Normalised } from "@callbridge/events";
import { ghlLocationOf, normaliseGhl } from "@callbridge/ghl";
import { v7 as uuidv7 } from "uuid";
import type { IngressAccount } from "./account.ts";
import { deliveryIdOf } from "./authenticate.ts";
import type { Endpoint } from "./endpoints.ts";

export type Received = {
  headers: Record<string, string | string[] | undefined>;
  contentType: string;
  rawBody: Buffer;
};

export type Receipt = {
  verdict: "accepted" | "duplicate" | "ignored" | "parked";
  eventIds: string[];
  /** The delivery in the inbox, and the correlation id of everything that it causes. */
  delivery: string;
  because: string | undefined;
};

/** Never stored: they open doors, or say nothing. */
const secretHeaders = new Set(["authorization", "x-webhook-secret", "cookie", "proxy-authorization"]);

/** Stores a delivery and the events it brings in one round trip. Resolves only when both are committed. */
export async function receive(
  endpoint: Endpoint,
  account: IngressAccount,
  received: Received,
  deps: { log: EventLog; keyring: Keyring; now: Date },
): Promise<Receipt> {
  const body = parseBody(received.rawBody.toString("utf8"), received.contentType);
  const normalised = normalise(endpoint, account, body, deps);
  const delivery = uuidv7();
  const events = normalised.verdict === "accepted" ? normalised.events : [];
  const answer = await deps.log.append({
    now: deps.now,
    deliveries: [
      {
        id: delivery,
        account: account.name,
        source: endpoint.vendor,
        endpoint: endpoint.name,
        deliveryId: deliveryIdOf(endpoint, received.headers, body),
        verdict: normalised.verdict,
        because: normalised.because,
        request: { headers: storedHeaders(received.headers), body: received.rawBody.toString("base64") },
      },
    ],
    events: events.map((event) => ({ account: account.name, event, cause: { correlationId: delivery }, delivery })),
  });
  return {
    verdict: answer.verdicts?.[delivery] ?? normalised.verdict,
    eventIds: answer.events.map((event) => event.id),
    delivery,
    because: normalised.because,
  };
}

function normalise(
  endpoint: Endpoint,
  account: IngressAccount,
  body: unknown,
  deps: { keyring: Keyring; now: Date },
): Normalised {
  const location = endpoint.vendor === "ghl" ? ghlLocationOf(body) : undefined;
  if (location !== undefined && account.ghlLocationId !== undefined && location !== account.ghlLocationId) {
    return { verdict: "ignored", because: "it belongs to another GoHighLevel location than the configured one" };
  }
  const normaliser = endpoint.vendor === "cloudtalk" ? normaliseCloudTalk : normaliseGhl;
  return normaliser(
    { endpoint: endpoint.name, body, receivedAt: deps.now.toISOString() },
    { defaultCountry: account.defaultCountry, hash: (text) => deps.keyring.hash(account.name, text) },
  );
}

/** JSON whatever the header says, or a form; undefined when it is neither: then it is parked, never refused. */
function parseBody(text: string, contentType: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return contentType.includes("form-urlencoded") ? Object.fromEntries(new URLSearchParams(text)) : undefined;
  }
}

function storedHeaders(headers: Received["headers"]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !secretHeaders.has(name)));
}
