/** What webhooks of one account must prove, and where they must come from. */
export type IngressAccount = {
  name: string;
  /** Shared secrets of the operators' webhooks; any of them is good, so that one can be replaced by another. */
  cloudtalkSecrets: string[];
  ghlSecrets: string[];
  /** Svix secrets of CloudTalk's native webhooks. */
  svixSecrets: string[];
  /** Ed25519 keys of GHL's Marketplace webhooks. */
  ghlPublicKeys: string[];
  /** Payloads of another location are not ours. Undefined: not known, all are taken. */
  ghlLocationId: string | undefined;
  defaultCountry: string | undefined;
};
