import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { IngressAccount } from "./account.ts";
import { deliveryIdOf, refusal } from "./authenticate.ts";
import { type Endpoint, endpoints } from "./endpoints.ts";

const account: IngressAccount = {
  name: "default",
  cloudtalkSecrets: ["ct-old", "ct-new"],
  ghlSecrets: ["ghl"],
  svixSecrets: [],
  ghlPublicKeys: [],
  ghlLocationId: undefined,
  defaultCountry: undefined,
};
const endpoint = (path: string): Endpoint => {
  const found = endpoints.find((one) => one.path === path);
  if (!found) throw new Error(path);
  return found;
};
const [callEnded, newContact] = [endpoint("/cloudtalk-webhooks/call-ended"), endpoint("/ghl-webhooks/new-contact")];
const [native, app] = [endpoint("/cloudtalk-webhooks"), endpoint("/ghl-webhooks")];
const rawBody = Buffer.from("{}");
const ask = (headers: Record<string, string | string[]>, token?: string, at = callEnded, given = account) =>
  refusal(at, given, { headers, token, rawBody });

describe("a shared secret", () => {
  test.each([
    ["Authorization", { authorization: "Bearer ct-old" }, undefined],
    ["Authorization in another casing and spacing", { authorization: "bearer   ct-new " }, undefined],
    ["X-Webhook-Secret", { "x-webhook-secret": "ct-new" }, undefined],
    ["the address", {}, "ct-old"],
    ["the address, beside a proxy's own credentials", { authorization: "Basic YTpi" }, "ct-old"],
    ["the address, beside a proxy's own token", { authorization: "Bearer of the proxy" }, "ct-old"],
    ["the address, beside a header that was left empty", { "x-webhook-secret": "" }, "ct-old"],
  ])("is good in %s", (_where, headers, token) => {
    expect(ask(headers, token)).toBeUndefined();
  });

  test.each([
    ["another secret", { authorization: "Bearer nonsense" }, undefined],
    ["a part of it", { authorization: "Bearer ct-ol" }, undefined],
    ["more than it", { "x-webhook-secret": "ct-old, ct-new" }, undefined],
    ["another casing", { "x-webhook-secret": "CT-OLD" }, undefined],
    ["the other vendor's", {}, "ghl"],
  ])("is refused when it is %s, and the answer names the variable", (_what, headers, token) => {
    expect(ask(headers, token)).toMatch(/secret is wrong.*CLOUDTALK_WEBHOOK_SECRET/);
  });

  const nothing: Record<string, string>[] = [
    {},
    { authorization: "" },
    { authorization: "Bearer " },
    { authorization: "Basic Y3Qtb2xk" },
  ];
  test.each(nothing)("that is missing (%j) is asked for, with the three ways to send it", (headers) => {
    const answer = ask(headers, "");
    for (const way of ["Authorization: Bearer", "X-Webhook-Secret", "?token="]) expect(answer).toContain(way);
  });

  test("in base64 is good in the address, whether or not its plus was escaped", () => {
    const given = { ...account, cloudtalkSecrets: ["a+b/c=="] };
    for (const query of ["token=a+b/c==", "token=a%2Bb%2Fc%3D%3D"]) {
      expect(ask({}, new URLSearchParams(query).get("token") ?? "", callEnded, given)).toBeUndefined();
    }
  });

  test("that nobody set lets nobody in, not even with an empty one", () => {
    const nothing = { ...account, ghlSecrets: [] };
    expect(ask({ "x-webhook-secret": "a" }, undefined, newContact, nothing)).toContain("GHL_WEBHOOK_SECRET is not set");
    expect(ask({ "x-webhook-secret": "" }, "", newContact, { ...account, ghlSecrets: [""] })).toBeDefined();
  });

  test("does not open the endpoints of signed webhooks", () => {
    expect(ask({ authorization: "Bearer ct-old" }, "ct-old", native)).toContain("CLOUDTALK_SVIX_SECRET");
    expect(ask({ authorization: "Bearer ghl" }, "ghl", app)).toContain("/api/ghl-webhooks/<event>");
  });
});

test("a signature alone does not open the endpoints of shared secrets", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ type: "spki", format: "pem" }).toString();
  const headers = { "x-ghl-signature": sign(null, rawBody, privateKey).toString("base64") };
  const given = { ...account, ghlPublicKeys: [key] };
  expect(ask(headers, undefined, app, given)).toBeUndefined();
  expect(ask(headers, undefined, newContact, given)).toBeDefined();
});

describe("the vendor's id of a delivery", () => {
  test("is taken from signed deliveries only: anybody may type one into a template", () => {
    expect(deliveryIdOf(native, { "svix-id": "msg_1" }, {})).toBe("msg_1");
    expect(deliveryIdOf(app, {}, { webhookId: "w1" })).toBe("w1");
    expect(deliveryIdOf(callEnded, { "svix-id": "msg_1" }, { webhookId: "w1" })).toBeUndefined();
    expect(deliveryIdOf(newContact, { "svix-id": "msg_1" }, { webhookId: "w1" })).toBeUndefined();
  });

  test.each(["\u0000", "a\ud800", "two words", "x".repeat(201), 5])("is not %j", (webhookId) => {
    expect(deliveryIdOf(app, {}, { webhookId })).toBeUndefined();
  });
});
