import { openEventLog } from "@callbridge/event-log";
import type { GhlContactId } from "@callbridge/events";
import { createGhl } from "@callbridge/ghl";
import { type FreshLog, freshLog, until } from "@callbridge/testing";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ConnectError, ghlConnection } from "./ghl-connection.ts";

const hour = 3_600_000;
let fresh: FreshLog;
let twin: Twin;
let nowMs = Date.parse("2026-11-22T10:00:00.000Z");
const clock = () => new Date(nowMs);

beforeAll(async () => {
  fresh = await freshLog();
  twin = await startTwin({ now: clock, settings: { ghlRequestsMax: 10_000 } });
});
afterAll(async () => {
  await twin.close();
  await fresh.drop();
});
beforeEach(() => void twin.control.reset());
afterEach(() => fresh.query("delete from callbridge.vault"));

function connectionOf(log = fresh.log, locationId = twin.credentials.ghlLocationId) {
  const { ghlClientId: clientId, ghlClientSecret: clientSecret } = twin.credentials;
  const app = { clientId, clientSecret };
  const addresses = { baseUrl: twin.urls.ghl, publicUrl: "https://callbridge.example" };
  return ghlConnection({ vault: log.vault, clock, account: "a", app, locationId, ...addresses });
}

async function connected(kind: "Location" | "Company" = "Location") {
  const connection = connectionOf();
  await connection.paste(twin.control.consent(kind));
  twin.control.resetRequests();
  return connection;
}

/** A client whose every request is allowed. */
function clientOf({ token }: Pick<ReturnType<typeof connectionOf>, "token">) {
  return createGhl({ token, locationId: twin.credentials.ghlLocationId, baseUrl: twin.urls.ghl });
}

const asked = () => twin.control.requestLog().map(({ operation }) => operation);
const count = (operation: string) => asked().filter((one) => one === operation).length;

describe("consent", () => {
  test("is asked for with an unguessable state, and the browser that brings it back connects the location", async () => {
    const connection = connectionOf();
    const { url } = await connection.begin({ byAgency: false });
    const { searchParams, host } = new URL(url);
    expect(host).toBe("marketplace.gohighlevel.com");
    expect(searchParams.get("redirect_uri")).toBe("https://callbridge.example/oauth/crm/callback");
    expect(searchParams.get("scope")).toContain("contacts.write");
    const state = searchParams.get("state") ?? "";
    expect(state).toMatch(/^a\.[\w-]{43}$/);
    expect(await connection.comeBack(twin.control.consent(), state)).toMatchObject({
      kind: "Location",
      locationId: twin.credentials.ghlLocationId,
      trouble: undefined,
    });
    await expect(connection.comeBack(twin.control.consent(), state)).rejects.toThrow(ConnectError);
  });

  test("with another state, a late one or for another location stores nothing and asks GHL only for the last", async () => {
    const connection = connectionOf();
    const { url } = await connection.begin({ byAgency: false });
    const state = new URL(url).searchParams.get("state") ?? "";
    await expect(connection.comeBack(twin.control.consent(), `${state}x`)).rejects.toThrow("not known");
    nowMs += 16 * 60_000;
    await expect(connection.comeBack(twin.control.consent(), state)).rejects.toThrow("older than a quarter");
    expect(count("oauth.token")).toBe(0);
    await expect(connectionOf(fresh.log, "elsewhere").paste(twin.control.consent())).rejects.toThrow(
      "another location",
    );
    await expect(connection.paste("made up")).rejects.toThrow("does not take the code");
    expect(await connection.status()).toBeUndefined();
    expect(await connection.waitsFor()).toEqual(["GHL is not connected: run callbridge ghl connect --account a"]);
  });

  test("leaves no token in the clear, neither in the database nor in the status", async () => {
    const connection = await connected();
    const token = await connection.token();
    const [row] = await fresh.query<{ sealed: Buffer }>("select sealed from callbridge.vault where name = 'ghl'");
    expect(row?.sealed.includes(token)).toBe(false);
    expect(JSON.stringify(await connection.status())).not.toContain(token);
  });

  test("can be taken back: requests fail without being sent", async () => {
    const connection = await connected();
    expect([await connection.disconnect(), await connection.disconnect()]).toEqual([true, false]);
    await expect(clientOf(connection).users()).rejects.toMatchObject({
      consequence: "unauthorised",
      message: expect.stringContaining("run callbridge ghl connect --account a"),
    });
    expect(asked()).toEqual([]);
  });
});

describe("a token that ended", () => {
  test("is renewed once, however many replicas need it at the same moment", async () => {
    await connected();
    nowMs += 25 * hour;
    twin.control.configure({ latencyMs: 100 });
    onTestFinished(() => void twin.control.configure({ latencyMs: 0 }));
    const replicas = Array.from({ length: 8 }, () =>
      openEventLog({ url: fresh.url, keyring: fresh.keyring, poolSize: 2 }),
    );
    onTestFinished(async () => void (await Promise.all(replicas.map((log) => log.close()))));
    const tokens = await Promise.all(
      replicas.flatMap((log) => {
        const { token } = connectionOf(log);
        return [token(), token(), token()];
      }),
    );
    expect(new Set(tokens).size).toBe(1);
    expect(count("oauth.token")).toBe(1);
  });

  test.each(["Location", "Company"] as const)(
    "in the middle of work (%s) costs one renewal, and a write is sent again",
    async (kind) => {
      const connection = await connected(kind);
      const ghl = clientOf(connection);
      await ghl.users();
      nowMs += hour;
      twin.control.state().ghl.oauth.accessTokens.clear();
      twin.control.resetRequests();
      const david = (twin.control.seeded().people[0]?.ghlContactId ?? "") as GhlContactId;
      await ghl.addTags(david, ["vip"]);
      expect(twin.control.state().ghl.contacts.get(david)?.tags).toEqual(["vip"]);
      const renewal =
        kind === "Location" ? ["oauth.token"] : ["oauth.locationToken", "oauth.token", "oauth.locationToken"];
      expect(asked()).toEqual(["contacts.addTags", ...renewal, "contacts.addTags"]);
    },
  );

  test("is renewed for no 401 that another token would not help", async () => {
    const connection = await connected();
    twin.control.state().ghl.oauth.accessTokens.clear();
    await expect(clientOf(connection).users()).rejects.toMatchObject({ consequence: "unauthorised" });
    expect(count("oauth.token")).toBe(0);
  });

  test("is exchanged anew for an agency, whose own token is refreshed when it ended too", async () => {
    const connection = await connected("Company");
    expect(await connection.status()).toMatchObject({ kind: "Company", companyId: twin.credentials.ghlCompanyId });
    nowMs += 25 * hour;
    await clientOf(connection).users();
    expect(asked()).toEqual(["oauth.token", "oauth.locationToken", "users.list"]);
  });
});

describe("a renewal that fails", () => {
  test("in an outage goes unnoticed while the old token lives, and is not repeated by everybody at once", async () => {
    const connection = await connected();
    const old = await connection.token();
    nowMs += 24 * hour - 5 * 60_000;
    twin.control.fault({ match: { operation: "oauth.token" }, fault: "status-503", times: 2 });
    expect(await Promise.all([connection.token(), connection.token()])).toEqual([old, old]);
    expect(await connection.token()).toBe(old);
    expect(count("oauth.token")).toBe(1);
    nowMs += 5 * 60_000;
    const failure = await connection.token().catch((error: unknown) => error);
    expect(failure).toMatchObject({ consequence: "not-applied", retryAfterMs: 15_000 });
    nowMs += 15_000;
    expect(await connection.token()).not.toBe(old);
  });

  test("because its answer was lost says that a person must connect again, and how", async () => {
    const connection = await connected();
    nowMs += 25 * hour;
    twin.control.fault({ match: { operation: "oauth.token" }, fault: "drop-after-apply" });
    await expect(connection.token()).rejects.toMatchObject({ consequence: "not-applied" });
    expect(await connection.waitsFor()).toEqual([]);
    nowMs += 15_000;
    await expect(connection.token()).rejects.toMatchObject({ consequence: "unauthorised" });
    expect(await connection.waitsFor()).toEqual([
      expect.stringContaining("run callbridge ghl connect --account a again"),
    ]);
    expect(count("oauth.token")).toBe(2);
    await expect(connection.token()).rejects.toMatchObject({ consequence: "unauthorised" });
    expect(count("oauth.token")).toBe(2);
    await connection.paste(twin.control.consent());
    expect(await connection.waitsFor()).toEqual([]);
    expect(await connection.token()).toEqual(expect.any(String));
  });

  test("because the app's secret is wrong keeps the refresh token for when it is right again", async () => {
    const connection = await connected();
    nowMs += 25 * hour;
    twin.control.fault({ match: { operation: "oauth.token" }, fault: "status-401" });
    await expect(connection.token()).rejects.toMatchObject({ consequence: "unauthorised" });
    expect((await connection.status())?.trouble).toContain("GHL_CLIENT_SECRET");
    nowMs += 300_000;
    expect(await connection.token()).toEqual(expect.any(String));
  });

  test("because the database broke while GHL answered keeps the new pair as soon as it is back", async () => {
    const connection = await connected();
    nowMs += 25 * hour;
    twin.control.configure({ latencyMs: 300 });
    onTestFinished(() => void twin.control.configure({ latencyMs: 0 }));
    const token = connection.token();
    await until("GHL is asked", () => count("oauth.token") === 1);
    const ended = await fresh.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()",
    );
    expect(ended).toHaveLength(1);
    expect(await token).toEqual(expect.any(String));
    expect(count("oauth.token")).toBe(1);
    expect(await connection.token()).toBe(await token);
  });
});
