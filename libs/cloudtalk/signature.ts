import { Webhook } from "standardwebhooks";

export type SignedDelivery = {
  /** The bytes as they came: re-serialised JSON has another signature. */
  rawBody: Buffer;
  /** Lower-case names, as Node gives them. */
  headers: Record<string, string | string[] | undefined>;
  /** All live secrets (`whsec_…`): two during a rotation. */
  secrets: readonly string[];
};

/**
 * Whether a native webhook is CloudTalk's (Svix: HMAC-SHA256 over id, timestamp and body; facts/cloudtalk.md §2B).
 * A timestamp more than five minutes off is refused. That loses no genuine retry, because Svix signs every attempt
 * anew; a replayed copy within those minutes is a duplicate by its `svix-id`.
 */
export function verifyCloudTalkSignature({ rawBody, headers, secrets }: SignedDelivery): boolean {
  const signed: Record<string, string> = {};
  for (const name of ["id", "timestamp", "signature"]) {
    const value = headers[`svix-${name}`] ?? headers[`webhook-${name}`];
    if (typeof value !== "string") return false;
    signed[`webhook-${name}`] = value;
  }
  return secrets.some((secret) => isSignedWith(secret, rawBody, signed));
}

/** The delivery's own id, which stays the same when Svix tries again. Absent on unsigned deliveries. */
export function cloudTalkDeliveryId(headers: SignedDelivery["headers"]): string | undefined {
  const id = headers["svix-id"] ?? headers["webhook-id"];
  return typeof id === "string" && id !== "" ? id : undefined;
}

function isSignedWith(secret: string, rawBody: Buffer, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(rawBody, headers, { jsonParse: false });
    return true;
  } catch {
    // The package tells "not signed with this secret" (and "this is no secret") by throwing; both mean no.
    return false;
  }
}
