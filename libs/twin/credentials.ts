import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** What Callbridge must be configured with to speak to the twin. Fictional and the same at every start. */
export type TwinCredentials = {
  cloudtalkKeyId: string;
  cloudtalkSecret: string;
  ghlToken: string;
  ghlLocationId: string;
  ghlCompanyId: string;
  /** A Marketplace app that may ask for tokens. */
  ghlClientId: string;
  ghlClientSecret: string;
  openaiKey: string;
  conversationProviderId: string;
  /** `whsec_…`, signs CloudTalk's native webhooks. */
  svixSecret: string;
  /** Verifies `X-GHL-Signature` of the twin's Marketplace-app webhooks. */
  ghlSigningPublicKeyPem: string;
};

/** The start of an Ed25519 PKCS#8 key; the 32 seed bytes follow. */
const ed25519Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

const seedOf = (name: string): Buffer => createHash("sha256").update(`callbridge twin ${name}`).digest();

/** Derived from a fixed seed, so that a restarted twin still signs with the key its users configured. */
export function ghlSigningKey(): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([ed25519Prefix, seedOf("ghl signing key")]),
    format: "der",
    type: "pkcs8",
  });
}

export function twinCredentials(): TwinCredentials {
  return {
    cloudtalkKeyId: "twin-key-id",
    cloudtalkSecret: "twin-key-secret",
    ghlToken: "pit-00000000-0000-4000-8000-000000000001",
    ghlLocationId: "TwinLocation00000001",
    ghlCompanyId: "TwinCompany000000001",
    ghlClientId: "00000000000000000000c11e-twinapp1",
    ghlClientSecret: "twin-client-secret",
    openaiKey: "sk-twin-0000000000000000",
    conversationProviderId: "TwinCallProvider0001",
    svixSecret: `whsec_${seedOf("svix").subarray(0, 24).toString("base64")}`,
    ghlSigningPublicKeyPem: createPublicKey(ghlSigningKey()).export({ type: "spki", format: "pem" }).toString(),
  };
}
