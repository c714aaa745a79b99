import { normaliseCloudTalk } from "@callbridge/cloudtalk";
import { type EventLog, EventTooLarge, type Keyring, newId } from "@callbridge/event-log";
import type { Normalised } from "@callbridge/events";
import { ghlLocationOf, normaliseGhl } from "@callbridge/ghl";
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
  /** It was parked because of an error of ours, which somebody should see. */
  defect?: unknown;
};

type Deps = { log: EventLog; keyring: Keyring; now: Date };

/**
 * Stores a delivery and the events it brings in one round trip. Resolves only when both are committed. What cannot be
 * read or stored because of its content is stored without events: refused, it would come again and again, and then never.
 */
export async function receive(
  endpoint: Endpoint,
  account: IngressAccount,
  received: Received,
  deps: Deps,
): Promise<Receipt> {
  const body = parseBody(received.rawBody.toString("utf8"), received.contentType);
  const delivery = newId();
  const keep = async (normalised: Normalised): Promise<Receipt> => {
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
          request: { headers: storedHeaders(received.headers, account), body: received.rawBody.toString("base64") },
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
  };
  const keepAside = async (because: string, defect: unknown): Promise<Receipt> => {
    return { ...(await keep({ verdict: "parked", because })), defect };
  };

  let normalised: Normalised;
  try {
    normalised = normalise(endpoint, account, body, deps);
  } catch (error) {
    return keepAside("Callbridge failed to read it, which is a defect: it is kept to be read again", error);
  }
  try {
    return await keep(normalised);
  } catch (error) {
    if (error instanceof EventTooLarge)
      return keepAside(`it says more than an event can hold (${error.bytesMax} bytes)`, error);
    if (!isRefusedValue(error)) throw error;
    return keepAside("the database refuses a value of it, such as a date before the year 1", error);
  }
}

/** Class 22 of PostgreSQL's errors, "data exception": the same value is refused every time, and nothing is down. */
function isRefusedValue(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^22...$/.test(error.code);
}

function normalise(endpoint: Endpoint, account: IngressAccount, body: unknown, deps: Omit<Deps, "log">): Normalised {
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
  // Trimmed, because some tools write a byte order mark, which is no JSON.
  const trimmed = text.trim();
  if (trimmed === "") return {};
  try {
    return JSON.parse(trimmed);
  } catch {
    const isForm = /form-urlencoded/i.test(contentType);
    return isForm ? Object.fromEntries(new URLSearchParams(trimmed)) : undefined;
  }
}

/** Never stored: they open doors, or say nothing. */
const secretHeaders = new Set(["authorization", "x-webhook-secret", "cookie", "proxy-authorization"]);

const escapedCharacter = (byte: string) => String.fromCharCode(Number.parseInt(byte.slice(1), 16));

/** Proxies copy the address, and with it `?token=`, into headers of their own: no value may hold a secret either. */
export function storedHeaders(
  headers: Received["headers"],
  account: IngressAccount,
): Record<string, string | string[]> {
  const secrets = [...account.cloudtalkSecrets, ...account.ghlSecrets];
  const holdsSecret = (value: unknown) => {
    const text = String(value);
    const unescaped = text.includes("%") ? text.replace(/%[\da-f]{2}/gi, escapedCharacter) : text;
    return secrets.some((secret) => text.includes(secret) || unescaped.includes(secret));
  };
  return Object.fromEntries(
    Object.entries(headers).filter(
      (header): header is [string, string | string[]] =>
        header[1] !== undefined && !secretHeaders.has(header[0]) && !holdsSecret(header[1]),
    ),
  );
}
