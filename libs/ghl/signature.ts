import { createPublicKey, verify } from "node:crypto";

/** The key that GHL publishes for Marketplace webhooks (facts/ghl.md §4.2). Configurable, since GHL may rotate it. */
export const ghlPublicKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----`;

const signatureBytes = 64;

/**
 * Whether `X-GHL-Signature` is the Ed25519 signature of these very bytes by one of the keys (PEM, or its base64 alone).
 * Anything missing, unreadable or not Ed25519 is a no: "N/A" has been seen in the header.
 */
export function verifyGhlSignature(delivery: {
  rawBody: Buffer;
  signature: string | undefined;
  publicKeys: string[];
}): boolean {
  const text = delivery.signature?.trim() ?? "";
  if (!/^[A-Za-z0-9+/]{86}(==)?$/.test(text)) return false;
  const signature = Buffer.from(text, "base64");
  if (signature.length !== signatureBytes) return false;
  return delivery.publicKeys.some((publicKey) => verifies(delivery.rawBody, signature, publicKey));
}

function verifies(rawBody: Buffer, signature: Buffer, publicKey: string): boolean {
  try {
    const key = publicKey.includes("-----BEGIN")
      ? // A PEM in an environment variable often has its line breaks escaped.
        createPublicKey(publicKey.replaceAll("\\n", "\n"))
      : createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyType === "ed25519" && verify(null, rawBody, key, signature);
  } catch {
    // A key that cannot be read verifies nothing; the other keys still may.
    return false;
  }
}
