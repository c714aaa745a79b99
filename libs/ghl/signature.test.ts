import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ghlPublicKey, verifyGhlSignature } from "./signature.ts";

const pair = () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return { publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(), privateKey };
};
const [ours, other] = [pair(), pair()];
const rawBody = Buffer.from('{"type":"ContactCreate", "name":"Zoë"}');
const signature = sign(null, rawBody, ours.privateKey).toString("base64");

describe("a signature", () => {
  test("of these very bytes by one of the keys is valid", () => {
    expect(verifyGhlSignature({ rawBody, signature, publicKeys: [other.publicKey, ours.publicKey] })).toBe(true);
    const bare = ours.publicKey.replace(/-----.*?-----|\s/g, "");
    expect(verifyGhlSignature({ rawBody, signature, publicKeys: [bare] })).toBe(true);
    expect(verifyGhlSignature({ rawBody, signature, publicKeys: [ours.publicKey.replaceAll("\n", "\\n")] })).toBe(true);
  });

  test.each([undefined, "", "N/A", "null", "AAAA", signature.slice(4), `${signature}AAAA`, "é".repeat(86)])(
    "like %s is not",
    (text) => {
      expect(verifyGhlSignature({ rawBody, signature: text, publicKeys: [ours.publicKey] })).toBe(false);
    },
  );

  test("of other bytes, by another key, or with no or an unreadable key is not", () => {
    const changed = Buffer.from(rawBody.toString().replace("Zoë", "Eve"));
    expect(verifyGhlSignature({ rawBody: changed, signature, publicKeys: [ours.publicKey] })).toBe(false);
    expect(verifyGhlSignature({ rawBody, signature, publicKeys: [other.publicKey, ghlPublicKey] })).toBe(false);
    expect(verifyGhlSignature({ rawBody, signature, publicKeys: [] })).toBe(false);
    expect(verifyGhlSignature({ rawBody, signature, publicKeys: ["", "no key"] })).toBe(false);
  });

  test("by a key of another kind is not", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const publicKeys = [rsa.publicKey.export({ type: "spki", format: "pem" }).toString()];
    expect(verifyGhlSignature({ rawBody, signature, publicKeys })).toBe(false);
  });
});
