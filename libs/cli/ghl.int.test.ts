import { type FreshLog, freshLog } from "@callbridge/testing";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Capture, capture } from "./captured-run.ts";

let fresh: FreshLog;
let twin: Twin;
let cli: Capture;

beforeAll(async () => {
  fresh = await freshLog();
  twin = await startTwin();
  cli = capture(fresh, { environment: environment() });
});
afterAll(async () => {
  await twin.close();
  await fresh.drop();
});

const environment = () => ({
  GHL_CLIENT_ID: twin.credentials.ghlClientId,
  GHL_CLIENT_SECRET: twin.credentials.ghlClientSecret,
  GHL_LOCATION_ID: twin.credentials.ghlLocationId,
  GHL_BASE_URL: twin.urls.ghl,
  PUBLIC_URL: "https://callbridge.example",
});

describe("callbridge ghl", () => {
  test("prints where to consent, alone on stdout, and what the app must be told on stderr", async () => {
    const { code, out, err } = await cli.run("ghl", "connect");
    expect(code).toBe(0);
    expect(new URL(out.trim()).searchParams.get("state")).toMatch(/^default\.[\w-]{43}$/);
    expect(err).toContain("https://callbridge.example/oauth/crm/callback");
    expect((await cli.run("ghl", "status")).out).toBe("GHL is not connected: run callbridge ghl connect\n");
  });

  test("connects with a pasted code, tells of it without tokens, and forgets it when asked", async () => {
    const pasted = await cli.run("ghl", "connect", "--code", twin.control.consent());
    expect(pasted).toMatchObject({ code: 0, out: expect.stringContaining(twin.credentials.ghlLocationId) });
    const { out, json } = await cli.run("ghl", "status", "--json");
    expect(json()).toMatchObject({
      connected: true,
      kind: "Location",
      scopes: expect.arrayContaining(["contacts.write"]),
    });
    const { accessTokens, refreshTokens } = twin.control.state().ghl.oauth;
    for (const token of [...accessTokens.keys(), ...refreshTokens.keys()])
      expect(out + pasted.out).not.toContain(token);
    const dry = await cli.run("ghl", "disconnect", "--dry-run", "--json");
    expect(dry.json()).toEqual({ disconnected: true, dryRun: true });
    expect((await cli.run("ghl", "disconnect")).out).toContain("forgotten");
    expect((await cli.run("ghl", "status", "--json")).json()).toEqual({ connected: false });
  });

  test("says what to do when GHL does not take the code, and when a private token is configured", async () => {
    const refused = await cli.run("ghl", "connect", "--code", "made-up");
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("run callbridge ghl connect again") });
    expect(refused.err).not.toContain("made-up");
    const both = capture(fresh, { environment: { ...environment(), GHL_API_KEY: "pit-x" } });
    const needless = await both.run("ghl", "status");
    expect(needless).toMatchObject({ code: 1, err: expect.stringContaining("a private token needs no connection") });
  });
});
