import { createHash, timingSafeEqual } from "node:crypto";
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
    return verifyCloudTalkSignature({ rawBody, headers, secrets }) ? undefined : "the Svix signature does not verify";
  }
  if (endpoint.signed === "ed25519") {
    const signature = first(headers["x-ghl-signature"]);
    const genuine = verifyGhlSignature({ rawBody, signature, publicKeys: account.ghlPublicKeys });
    return genuine ? undefined : "the X-GHL-Signature does not verify";
  }
  const secrets = endpoint.vendor === "cloudtalk" ? account.cloudtalkSecrets : account.ghlSecrets;
  const given = first(headers["x-webhook-secret"]) ?? bearer(first(headers.authorization)) ?? credentials.token;
  if (given === undefined) return "send the webhook secret as `Authorization: Bearer`, `X-Webhook-Secret` or `?token=`";
  return secrets.some((secret) => same(secret, given)) ? undefined : "the webhook secret is wrong";
}

/** The vendor's own id of a delivery; its retries carry the same one. */
export function deliveryIdOf(endpoint: Endpoint, headers: Credentials["headers"], body: unknown): string | undefined {
  if (endpoint.signed === "svix") return cloudTalkDeliveryId(headers);
  return endpoint.signed === "ed25519" ? ghlDeliveryId(body) : undefined;
}

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);
const bearer = (value: string | undefined) => /^Bearer\s+(.+)$/i.exec(value ?? "")?.[1]?.trim();

/** Compares in the same time whatever the difference, and whatever the lengths. */
function same(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
