import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientOf, standingClock } from "./test-client.ts";
import { startTwin, type Twin } from "./twin.ts";

const clock = standingClock();
let twin: Twin;
beforeEach(async () => {
  twin = await startTwin({ now: clock.now });
});
afterEach(() => twin.close());

const david = "/contacts/GhlContact0000000001";
const as = (token: string) => clientOf(twin).ghl("GET", david, undefined, { authorization: `Bearer ${token}` });

async function token(fields: Record<string, string>) {
  const { ghlClientId: client_id, ghlClientSecret: client_secret } = twin.credentials;
  const body = new URLSearchParams({ client_id, client_secret, ...fields });
  const answer = await fetch(`${twin.urls.ghl}/oauth/token`, { method: "POST", body });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
}

describe("GHL's OAuth", () => {
  it("gives a token for a consent once, which opens the API for as long as the setting says", async () => {
    const byCode = { grant_type: "authorization_code", code: twin.control.consent() };
    const { body } = await token(byCode);
    expect(body).toMatchObject({
      userType: "Location",
      locationId: twin.credentials.ghlLocationId,
      expires_in: 86_399,
    });
    expect(await token(byCode)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect((await as(body.access_token ?? "")).status).toBe(200);
    clock.move(86_399_000);
    expect(await as(body.access_token ?? "")).toMatchObject({
      status: 401,
      body: { message: "Invalid token: access token is invalid" },
    });
  });

  it("takes a refresh token once and gives the next", async () => {
    const { body } = await token({ grant_type: "authorization_code", code: twin.control.consent() });
    const byRefresh = { grant_type: "refresh_token", refresh_token: body.refresh_token ?? "" };
    const next = await token(byRefresh);
    expect(next.status).toBe(200);
    expect(await token(byRefresh)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect((await token({ ...byRefresh, refresh_token: next.body.refresh_token ?? "" })).status).toBe(200);
  });

  it("lets an agency's token do nothing but be exchanged", async () => {
    const { body } = await token({ grant_type: "authorization_code", code: twin.control.consent("Company") });
    expect((await as(body.access_token ?? "")).status).toBe(401);
    const exchanged = await fetch(`${twin.urls.ghl}/oauth/locationToken`, {
      method: "POST",
      headers: { authorization: `Bearer ${body.access_token}`, version: "2021-07-28" },
      body: new URLSearchParams({
        companyId: twin.credentials.ghlCompanyId,
        locationId: twin.credentials.ghlLocationId,
      }),
    });
    const { access_token } = (await exchanged.json()) as { access_token: string };
    expect((await as(access_token)).status).toBe(200);
  });
});
