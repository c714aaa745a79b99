import { randomBytes } from "node:crypto";
import { z } from "zod";
import { badRequest, strict, unauthorized, unprocessable } from "./ghl-answer.ts";
import type { GhlTokenKind } from "./ghl-state.ts";
import { type Answer, ok, type Route, type TwinRequest } from "./route.ts";
import { after, type World } from "./world.ts";

/** Tokens of a Marketplace app (facts/ghl.md §2): codes and refresh tokens are good once, access tokens for a day. */
export function ghlOAuthRoutes(world: World): Route[] {
  const vendor = "ghl";
  const method = "POST";
  return [
    {
      vendor,
      operation: "oauth.token",
      method,
      path: "/oauth/token",
      handle: (request) => onlyForms(request) ?? tokens(world, request.body),
    },
    {
      vendor,
      operation: "oauth.locationToken",
      method,
      path: "/oauth/locationToken",
      handle: (request) => onlyForms(request) ?? locationToken(world, request.body),
    },
  ];
}

const scopes = "contacts.readonly contacts.write conversations/message.readonly conversations/message.write";

/** What the consent page gives when somebody chose a location, or the whole agency. */
export function consent(world: World, kind: GhlTokenKind = "Location"): string {
  const code = secret();
  world.state.ghl.oauth.codes.set(code, kind);
  return code;
}

/** Undefined: no such token, or its time is over. */
export function accessTokenKind(world: World, token: string): GhlTokenKind | undefined {
  const known = world.state.ghl.oauth.accessTokens.get(token);
  return known && known.until > world.now() ? known.kind : undefined;
}

const secret = () => randomBytes(24).toString("base64url");

function onlyForms({ headers }: TwinRequest): Answer | undefined {
  const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
  return isForm ? undefined : unprocessable(["client_id must be a string", "client_secret must be a string"]);
}

const tokenBody = z.strictObject({
  client_id: z.string(),
  client_secret: z.string(),
  grant_type: z.enum(["authorization_code", "refresh_token", "client_credentials"]),
  code: z.string().optional(),
  refresh_token: z.string().optional(),
  user_type: z.enum(["Company", "Location"]).optional(),
  redirect_uri: z.string().optional(),
});

/** GHL does not say in which words it refuses (highlevel-api-docs issue #249); these are the ones of the standard. */
function tokens(world: World, body: unknown): Answer {
  const read = strict(tokenBody, body);
  if ("refusal" in read) return read.refusal;
  const { client_id, client_secret, code = "", refresh_token = "" } = read.input;
  const { ghlClientId, ghlClientSecret } = world.credentials;
  if (client_id !== ghlClientId || client_secret !== ghlClientSecret)
    return unauthorized("Invalid client credentials!");
  const { codes, refreshTokens } = world.state.ghl.oauth;
  const [given, key] = read.input.grant_type === "authorization_code" ? [codes, code] : [refreshTokens, refresh_token];
  const kind = given.get(key);
  if (kind === undefined) {
    const what = given === codes ? "authorization code" : "refresh token";
    return badRequest(`Invalid grant: ${what} is invalid`, { error: "invalid_grant" });
  }
  given.delete(key);
  return ok(newTokens(world, kind));
}

function newTokens(world: World, kind: GhlTokenKind): unknown {
  const { ghlCompanyId: companyId, ghlLocationId: locationId } = world.credentials;
  const refresh = secret();
  world.state.ghl.oauth.refreshTokens.set(refresh, kind);
  return {
    ...accessToken(world, kind),
    refresh_token: refresh,
    userType: kind,
    companyId,
    ...(kind === "Location" ? { locationId } : { approvedLocations: [locationId], isBulkInstallation: true }),
  };
}

function accessToken(world: World, kind: GhlTokenKind) {
  const { ghlAccessTokenMs } = world.settings;
  const token = secret();
  world.state.ghl.oauth.accessTokens.set(token, { kind, until: after(world.now(), ghlAccessTokenMs) });
  const expires_in = Math.floor(ghlAccessTokenMs / 1000);
  const userId = [...world.state.ghl.users.keys()][0] ?? "";
  return { access_token: token, token_type: "Bearer", expires_in, scope: scopes, userId };
}

const locationBody = z.strictObject({ companyId: z.string(), locationId: z.string() });

/** The gate has let an agency's token of this company in. */
function locationToken(world: World, body: unknown): Answer {
  const read = strict(locationBody, body);
  if ("refusal" in read) return read.refusal;
  const { ghlCompanyId, ghlLocationId: locationId } = world.credentials;
  if (read.input.companyId !== ghlCompanyId) return badRequest("Company not found");
  return ok({ ...accessToken(world, "Location"), locationId });
}
