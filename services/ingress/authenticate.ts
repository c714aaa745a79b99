import { hash, timingSafeEqual } from "node:crypto";
import { cloudTalkDeliveryId, verifyCloudTalkSignature } from "@callbridge/cloudtalk";
import { ghlDeliveryId, verifyGhlSignature } from "@callbridge/ghl";
import type { IngressAccount } from "./account.ts";
import type { Endpoint } from "./endpoints.ts";

export type Credentials = {
  headers: Record<string, string | string[] | undefined>;
  /** `?token=` of the address: the last resort, because addresses end up in other people's logs. */
  token: string | undefined;
  rawBody: Buffer;
};

/** Undefined: genuine. Otherwise why not, in words for the operator; never which part of a secret was wrong. */
export function refusal(endpoint: Endpoint, account: IngressAccount, credentials: Credentials): string | undefined {
  const { headers, rawBody } = credentials;
  if (endpoint.signed === "svix") {
    const secrets = account.svixSecrets;
    if (secrets.length === 0) return "native CloudTalk webhooks need CLOUDTALK_SVIX_SECRET, which is not set";
    if (verifyCloudTalkSignature({ rawBody, headers, secrets })) return undefined;
    return "the Svix signature does not verify: set CLOUDTALK_SVIX_SECRET to this webhook's signing secret";
  }
  if (endpoint.signed === "ed25519") {
    const signature = first(headers["x-ghl-signature"]);
    if (verifyGhlSignature({ rawBody, signature, publicKeys: account.ghlPublicKeys })) return undefined;
    return "the X-GHL-Signature does not verify: only Marketplace apps post here, workflows to /api/ghl-webhooks/<event>";
  }
  const [secrets, variable] =
    endpoint.vendor === "cloudtalk"
      ? [account.cloudtalkSecrets, "CLOUDTALK_WEBHOOK_SECRET"]
      : [account.ghlSecrets, "GHL_WEBHOOK_SECRET"];
  const { token } = credentials;
  // A "+" that was pasted into an address means a blank there; secrets in base64 have it, and hardly any has a blank.
  const tokens = [token, token?.replaceAll(" ", "+")];
  const given = [first(headers["x-webhook-secret"]), bearer(first(headers.authorization)), ...tokens];
  const sent = given.flatMap((text) => (text ? [text] : []));
  if (sent.length === 0) {
    return `send the secret of ${variable} as \`Authorization: Bearer\`, \`X-Webhook-Secret\` or \`?token=\``;
  }
  if (secrets.length === 0) return `${variable} is not set: without it no webhook is taken here`;
  const isGenuine = sent.some((text) => secrets.some((secret) => same(secret, text)));
  return isGenuine ? undefined : `the webhook secret is wrong: send one of those in ${variable}`;
}

/** The vendor's own id of a delivery; its retries carry the same one. */
export function deliveryIdOf(endpoint: Endpoint, headers: Credentials["headers"], body: unknown): string | undefined {
  if (endpoint.signed === undefined) return undefined;
  const id = endpoint.signed === "svix" ? cloudTalkDeliveryId(headers) : ghlDeliveryId(body);
  // PostgreSQL stores neither NUL nor half a surrogate pair, and cannot index a text of thousands of bytes.
  return id !== undefined && /^[!-~]{1,200}$/.test(id) ? id : undefined;
}

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);
const bearer = (value: string | undefined) => /^Bearer\s+(.+)$/i.exec(value ?? "")?.[1]?.trim();

/** Compares in the same time whatever the difference, and whatever the lengths. */
function same(one: string, other: string): boolean {
  const digest = (text: string) => hash("sha256", text, "buffer");
  return timingSafeEqual(digest(one), digest(other));
}
