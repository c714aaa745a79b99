import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { VendorError } from "@callbridge/vendor";
import { expect, onTestFinished, test } from "vitest";
import { createGhlOAuth, GhlGrantRefused, ghlConsentUrl } from "./oauth.ts";

const app = { clientId: "app1-key1", clientSecret: "s3cret" };

/** GHL's answer to the next request, and what that request was. */
async function answering(status: number, json: object) {
  const seen: { form: URLSearchParams; version: unknown }[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    seen.push({ form: new URLSearchParams(text), version: request.headers.version });
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { seen, oauth: createGhlOAuth(app, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`) };
}

test("asks for tokens with a form and without a Version", async () => {
  const { seen, oauth } = await answering(200, { access_token: "a", refresh_token: "r", expires_in: 86399 });
  const tokens = await oauth.refresh("Company", "r0");
  expect(Object.fromEntries(seen[0]?.form ?? [])).toEqual({
    ...{ client_id: "app1-key1", client_secret: "s3cret", grant_type: "refresh_token" },
    ...{ refresh_token: "r0", user_type: "Company" },
  });
  expect(seen[0]?.version).toBeUndefined();
  expect(tokens).toMatchObject({ access: { token: "a", livesMs: 86_399_000 }, refreshToken: "r" });
});

test("keeps a new refresh token although the rest of the answer is not as promised", async () => {
  const { oauth } = await answering(200, { access_token: "a", refresh_token: "r", scope: null, userType: "?" });
  expect(await oauth.refresh("Location", "r0")).toMatchObject({ refreshToken: "r", access: { livesMs: 3_600_000 } });
});

test.each([
  [400, { error: "invalid_grant" }],
  [400, { statusCode: 400, message: "This refresh token is invalid" }],
  [401, { statusCode: 401, message: ["Invalid authorization code"] }],
])("a %i that speaks of the grant needs a person: %j", async (status, json) => {
  const { oauth } = await answering(status, json);
  await expect(oauth.refresh("Location", "r0")).rejects.toThrow(GhlGrantRefused);
});

test.each([
  [400, { statusCode: 400, message: "Location is not active" }, "unauthorised"],
  [401, { error: "invalid_client", error_description: "not with this refresh token" }, "unauthorised"],
  [429, { statusCode: 429, message: "Too Many Requests" }, "not-applied"],
  [503, {}, "not-applied"],
])("a %i may pass, and the grant stays: %j", async (status, json, consequence) => {
  const { oauth } = await answering(status, json);
  const error = await oauth.refresh("Location", "r0").catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(VendorError);
  expect(error).toMatchObject({ consequence, status });
});

test("the consent page is told where to come back to, with the state; an agency is asked for one scope more", () => {
  const asked = { redirectUri: "https://a.example/oauth/crm/callback", state: "x.y" };
  const scopesOf = (url: string) => new URL(url).searchParams.get("scope")?.split(" ") ?? [];
  const [alone, byAgency] = [ghlConsentUrl(app, asked), ghlConsentUrl(app, { ...asked, byAgency: true })];
  expect(Object.fromEntries(new URL(alone).searchParams)).toMatchObject({
    ...{ response_type: "code", client_id: "app1-key1", version_id: "app1", state: "x.y" },
    redirect_uri: asked.redirectUri,
  });
  expect(scopesOf(byAgency)).toEqual([...scopesOf(alone), "oauth.write"]);
});
