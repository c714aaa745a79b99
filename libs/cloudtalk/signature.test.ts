import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { cloudTalkDeliveryId, verifyCloudTalkSignature } from "./signature.ts";

const secret = `whsec_${Buffer.from("a secret of some length").toString("base64")}`;
const other = `whsec_${Buffer.from("another secret").toString("base64")}`;
const rawBody = Buffer.from('{"type":"call.ended","data":{"contact":"Zoë"}}');
const nowSeconds = () => Math.floor(Date.now() / 1000);

function headers(key = secret, timestamp = nowSeconds(), body = rawBody) {
  const hmac = createHmac("sha256", Buffer.from(key.slice("whsec_".length), "base64"));
  const signature = hmac.update(`msg_1.${timestamp}.`).update(body).digest("base64");
  return { "svix-id": "msg_1", "svix-timestamp": String(timestamp), "svix-signature": `v1,b2xk v1,${signature}` };
}

test("a genuine delivery verifies, with any of the live secrets", () => {
  expect(verifyCloudTalkSignature({ rawBody, headers: headers(), secrets: [secret] })).toBe(true);
  expect(verifyCloudTalkSignature({ rawBody, headers: headers(), secrets: [other, secret] })).toBe(true);
});

test("another secret, another body, an old time-stamp and missing headers do not", () => {
  const refused = (given: Partial<Parameters<typeof verifyCloudTalkSignature>[0]>) =>
    expect(verifyCloudTalkSignature({ rawBody, headers: headers(), secrets: [secret], ...given })).toBe(false);
  refused({ secrets: [other] });
  refused({ secrets: [] });
  refused({ secrets: ["", "not base64 !"] });
  refused({ rawBody: Buffer.from('{"type":"call.ended"}') });
  refused({ headers: headers(secret, nowSeconds() - 301) });
  refused({ headers: headers(secret, nowSeconds() + 301) });
  refused({ headers: { ...headers(), "svix-signature": undefined } });
  refused({ headers: { ...headers(), "svix-signature": ["v1,a", "v1,b"] } });
  refused({ headers: { ...headers(), "svix-signature": "v1" } });
  refused({ headers: {} });
});

test("a body that is not JSON may still be signed", () => {
  const text = Buffer.from("not json");
  expect(
    verifyCloudTalkSignature({ rawBody: text, headers: headers(secret, nowSeconds(), text), secrets: [secret] }),
  ).toBe(true);
});

test("the delivery's id is Svix's", () => {
  expect(cloudTalkDeliveryId(headers())).toBe("msg_1");
  expect(cloudTalkDeliveryId({})).toBeUndefined();
});
