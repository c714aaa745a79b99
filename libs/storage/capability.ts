import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { isRef } from "./ref.ts";

/** 128 bits: beyond guessing, and the link stays short enough for a CRM's text field. */
const proofBytes = 16;

/**
 * The unguessable part of a link to one object: whoever has it may read that object, and nothing else can be derived from
 * it. The same ref and key always give the same text, so a link written to the CRM stays valid until the key changes.
 */
export function capabilityOf(ref: string, key: Buffer): string {
  return `${Buffer.from(ref).toString("base64url")}.${proofOf(ref, key).toString("base64url")}`;
}

/** The object that a capability opens; undefined when it was not made by `capabilityOf` with this key. */
export function refOf(capability: string, key: Buffer): string | undefined {
  const [name, proof, ...rest] = capability.split(".");
  if (name === undefined || proof === undefined || rest.length > 0) return undefined;
  const ref = Buffer.from(name, "base64url").toString();
  if (!isRef(ref)) return undefined;
  // Compared as text and as a whole, because base64url has several spellings for the same bytes.
  const given = Buffer.from(capability);
  const expected = Buffer.from(capabilityOf(ref, key));
  return given.length === expected.length && timingSafeEqual(given, expected) ? ref : undefined;
}

function proofOf(ref: string, key: Buffer): Buffer {
  const own = Buffer.from(hkdfSync("sha256", key, "", "callbridge capability 1", 32));
  return createHmac("sha256", own).update(ref).digest().subarray(0, proofBytes);
}
