import { openGhlConnection } from "@callbridge/connections";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ingress, openIngress } from "./given.ts";
import { composeIngress } from "./main.ts";

let ingress: Ingress;
let twin: Twin;
let app: Ingress["app"];
let connection: NonNullable<ReturnType<typeof openGhlConnection>>;

beforeAll(async () => {
  ingress = await openIngress();
  twin = await startTwin();
  const { ghlClientId: clientId, ghlClientSecret: clientSecret, ghlLocationId: locationId } = twin.credentials;
  const config = { ...ingress.config, GHL_BASE_URL: twin.urls.ghl, ghl: { clientId, clientSecret, locationId } };
  app = composeIngress(config, [{ name: "default", config }], ingress.platform, async () => []);
  const opened = openGhlConnection(config, config.ghl, { ...ingress.platform, account: "default" });
  if (!opened) throw new Error("OAuth is configured");
  connection = opened;
});
afterAll(async () => {
  await app.close();
  await twin.close();
  await ingress.close();
});

async function stateOf(): Promise<string> {
  const { url } = await connection.begin({ byAgency: false });
  return new URL(url).searchParams.get("state") ?? "";
}
const comeBack = (query: Record<string, string>, path = "/oauth/crm/callback", method: "GET" | "HEAD" = "GET") =>
  app.inject({ method, url: path, query });

describe("coming back from GHL's consent page", () => {
  test("connects the account and says so on a page that loads nothing and keeps no trace", async () => {
    const answer = await comeBack({ code: twin.control.consent(), state: await stateOf() });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain("Connected");
    expect(answer.headers).toMatchObject({
      "content-security-policy": expect.stringContaining("default-src 'none'"),
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    });
    expect(await connection.status()).toMatchObject({ kind: "Location", trouble: undefined });
    expect(await connection.waitsFor()).toEqual([]);
  });

  test("is taken at the other address too, and for an agency", async () => {
    const query = { code: twin.control.consent("Company"), state: await stateOf() };
    expect((await comeBack(query, "/oauth/ghl/callback")).statusCode).toBe(200);
    expect(await connection.status()).toMatchObject({ kind: "Company", companyId: twin.credentials.ghlCompanyId });
  });

  test("with anything that is not ours is refused without asking GHL, and nothing of it is shown or logged", async () => {
    const state = await stateOf();
    twin.control.resetRequests();
    const marker = "<script>marker</script>";
    const queries: Record<string, string>[] = [
      {},
      { code: marker },
      { code: marker, state: marker },
      { code: marker, state: `nobody.${marker}` },
      { code: marker, state: `${state}x` },
      { error: marker, state },
    ];
    for (const query of queries) {
      const answer = await comeBack(query);
      expect(answer.statusCode).toBe(400);
      expect(answer.body).not.toContain("marker");
    }
    expect((await comeBack({ code: marker, state }, undefined, "HEAD")).statusCode).toBe(404);
    expect(twin.control.requestLog()).toEqual([]);
    expect(ingress.lines.join("")).not.toContain("marker");
    expect((await comeBack({ code: twin.control.consent(), state })).statusCode).toBe(200);
  });

  test("during an outage says that GHL gave no token", async () => {
    twin.control.fault({ match: { operation: "oauth.token" }, fault: "status-503" });
    const answer = await comeBack({ code: twin.control.consent(), state: await stateOf() });
    expect([answer.statusCode, answer.body]).toEqual([502, expect.stringContaining("Not connected")]);
  });
});
