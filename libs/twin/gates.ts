import { envelope } from "./cloudtalk-answer.ts";
import { forbidden, otherLocation, unauthorized } from "./ghl-answer.ts";
import { accessTokenKind } from "./ghl-oauth.ts";
import { openaiError } from "./openai-answer.ts";
import type { Answer, Route, TwinRequest, Vendor } from "./route.ts";
import type { World } from "./world.ts";

/** Refusals that come before an operation is even looked at: edge, credentials, version, location. */
export function gate(world: World, route: Route, request: TwinRequest): Answer | undefined {
  switch (route.vendor) {
    case "public":
      return undefined;
    case "cloudtalk":
    case "analytics":
    case "intelligence":
    case "platform":
      return cloudtalkGate(world, route.vendor, request);
    case "ghl":
      if (route.operation === "callLog.trigger") return wrongTrigger(world, request);
      return route.operation === "oauth.token" ? undefined : ghlGate(world, route, request);
    case "openai":
      return openaiGate(world, request);
  }
}

/** Without a User-Agent the edge answers HTML; without Accept 406 (facts/cloudtalk.md §0 item 4). */
function cloudtalkGate(world: World, vendor: Vendor, { headers }: TwinRequest): Answer | undefined {
  if (!headers["user-agent"]) {
    return { status: 403, type: "text/html", body: "<html><body><h1>403 Forbidden</h1></body></html>" };
  }
  if (!headers.accept && vendor === "cloudtalk") return envelope(406, { status: 406, message: "Not acceptable." });
  const { cloudtalkKeyId, cloudtalkSecret } = world.credentials;
  const expected = `Basic ${Buffer.from(`${cloudtalkKeyId}:${cloudtalkSecret}`).toString("base64")}`;
  if (headers.authorization === expected) return undefined;
  switch (vendor) {
    case "analytics":
      return { status: 401, body: { statusCode: 401, message: "Unauthorized" } };
    case "intelligence":
      return { status: 401, body: { code: "UNAUTHORIZED", message: "Invalid credentials." } };
    case "platform":
      return { status: 401, body: { success: false, errors: ["unauthorized"] } };
    default:
      return envelope(401, { status: 401, message: "Unauthorized." });
  }
}

const versions = ["v3", "2023-02-21", "2021-07-28", "2021-04-15"];

/** A 401 is not necessarily the token: a missing or unknown Version is one too (facts/ghl.md §1). */
function ghlGate(world: World, route: Route, request: TwinRequest): Answer | undefined {
  const { authorization, version } = request.headers;
  if (authorization === undefined) return unauthorized("Invalid JWT");
  const [, token = ""] = /^Bearer (.+)$/.exec(authorization) ?? [];
  const kind = token === world.credentials.ghlToken ? "private" : accessTokenKind(world, token);
  if (kind === undefined && token.startsWith("pit-")) return unauthorized("Invalid Private Integration token");
  if (kind === undefined) return unauthorized("Invalid token: access token is invalid");
  // Only an agency may ask for a location's token, and for nothing else here.
  if ((kind === "Company") !== (route.operation === "oauth.locationToken"))
    return unauthorized("The token is not authorized for this scope.");
  if (version === undefined) return unauthorized("version header was not found.");
  if (!versions.includes(String(version))) return unauthorized("version header is invalid");
  return otherLocation(world, request) ? forbidden() : undefined;
}

const wrongTrigger = (world: World, { params }: TwinRequest): Answer | undefined =>
  params.locationId === world.credentials.ghlLocationId
    ? undefined
    : { status: 404, body: { statusCode: 404, message: "Trigger not found" } };

function openaiGate(world: World, { headers }: TwinRequest): Answer | undefined {
  if (headers.authorization === `Bearer ${world.credentials.openaiKey}`) return undefined;
  return headers.authorization === undefined
    ? openaiError(401, "You didn't provide an API key.")
    : openaiError(401, "Incorrect API key provided.", { code: "invalid_api_key" });
}
