import { consequenceOf, VendorError, vendorHttp } from "@callbridge/vendor";
import { z } from "zod";

/** What GHL's developer portal gives a Marketplace app. */
export type GhlApp = { clientId: string; clientSecret: string };
/** Who consented: one sub-account, or the agency, whose token has to be exchanged for the location's. */
export type GhlTokenKind = "Location" | "Company";
export type GhlAccessToken = { token: string; livesMs: number };
export type GhlTokens = {
  kind: GhlTokenKind;
  access: GhlAccessToken;
  /** Good for one refresh, which brings the next one; a year at most. */
  refreshToken: string;
  scopes: string[];
  locationId?: string | undefined;
  companyId?: string | undefined;
};

/** A person must consent again: the code or the refresh token is used up, revoked or too old. Trying again cannot help. */
export class GhlGrantRefused extends Error {
  override readonly name = "GhlGrantRefused";
}

/** Agencies that show GHL as their own have another host; consent is the same (facts/ghl.md §2). */
const consentPage = "https://marketplace.gohighlevel.com/v2/oauth/chooselocation";
/** What Callbridge asks of the API, and no more (facts/ghl.md §2). */
const scopes = [
  ...["contacts.readonly", "contacts.write", "conversations.readonly", "conversations.write"],
  ...["conversations/message.readonly", "conversations/message.write"],
  ...["opportunities.readonly", "opportunities.write", "locations.readonly"],
  ...["locations/customFields.readonly", "locations/customFields.write"],
  ...["locations/tags.readonly", "locations/tags.write"],
  ...["users.readonly", "workflows.readonly", "campaigns.readonly"],
];
/** An agency's token may be exchanged only with it. */
const agencyScope = "oauth.write";
/** It is asked under a lock that other processes wait for. */
const requestTimeoutMs = 10_000;

/** Where a person consents. GHL comes back to `redirectUri` with `code` and `state`. */
export function ghlConsentUrl(
  { clientId }: Pick<GhlApp, "clientId">,
  { redirectUri, state, byAgency = false }: { redirectUri: string; state: string; byAgency?: boolean },
): string {
  const url = new URL(consentPage);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: [...scopes, ...(byAgency ? [agencyScope] : [])].join(" "),
    // A client's id begins with its app's.
    version_id: clientId.split("-")[0] ?? clientId,
    state,
  }).toString();
  return url.href;
}

/** What is missing in the answer to a refresh must not cost us the refresh token in it. */
const livesByDefaultSeconds = 3_600;
const access = {
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().catch(livesByDefaultSeconds),
};
const id = z.string().min(1).optional().catch(undefined);
const tokenAnswer = z.looseObject({
  ...access,
  refresh_token: z.string().min(1),
  scope: z.string().catch(""),
  userType: z.enum(["Location", "Company"]).optional().catch(undefined),
  locationId: id,
  companyId: id,
});
const locationTokenAnswer = z.looseObject(access);

type LocationOf = { companyId: string; locationId: string; agencyToken: string };
type Obstacle = (error: VendorError) => Error;

/**
 * GHL's token endpoints (facts/ghl.md §2, contracts/ghl/oauth.json). They fail with `GhlGrantRefused`, or with a
 * `VendorError` as it counts for the request that wanted the token and was not sent: never `ambiguous`.
 */
export function createGhlOAuth({ clientId, clientSecret }: GhlApp, baseUrl: string) {
  const base = baseUrl.replace(/\/+$/, "");
  const http = vendorHttp({
    vendor: "ghl",
    headers: () => ({ accept: "application/json" }),
    retryAfterMs: () => undefined,
    // GHL's words are for nobody but `isGrantRefused`: nobody says that they never quote what was sent.
    errorMessage: () => undefined,
  });

  async function tokens(fields: Record<string, string>): Promise<GhlTokens> {
    const form = { client_id: clientId, client_secret: clientSecret, ...fields };
    const answer = await ask(grantObstacle, {
      ...{ operation: "oauth.token", url: `${base}/oauth/token`, form, answer: tokenAnswer },
    });
    return {
      kind: answer.userType ?? (answer.locationId ? "Location" : "Company"),
      access: { token: answer.access_token, livesMs: answer.expires_in * 1000 },
      refreshToken: answer.refresh_token,
      scopes: answer.scope.split(" ").filter((scope) => scope !== ""),
      locationId: answer.locationId,
      companyId: answer.companyId,
    };
  }

  type Request<T> = { operation: string; url: string; form: Record<string, string>; answer: z.ZodType<T> };

  async function ask<T>(obstacle: Obstacle, request: Request<T> & { headers?: Record<string, string> }): Promise<T> {
    try {
      return await http.ask({ ...request, method: "POST", timeoutMs: requestTimeoutMs });
    } catch (error) {
      throw error instanceof VendorError ? obstacle(error) : error;
    }
  }

  return {
    /** Of a person's consent. The kind is whatever was consented to, so it is not asked for. */
    exchange: (code: string, redirectUri: string) =>
      tokens({ grant_type: "authorization_code", code, redirect_uri: redirectUri }),

    /** Uses up the refresh token, also when the answer is lost on its way. */
    refresh: (kind: GhlTokenKind, refreshToken: string) =>
      tokens({ grant_type: "refresh_token", refresh_token: refreshToken, user_type: kind }),

    /** The location's token for an agency's. 401: the agency's token is no good any more. */
    async locationToken({ companyId, locationId, agencyToken }: LocationOf): Promise<GhlAccessToken> {
      const answer = await ask(unsent, {
        ...{ operation: "oauth.locationToken", url: `${base}/oauth/locationToken` },
        ...{ form: { companyId, locationId }, answer: locationTokenAnswer },
        headers: { authorization: `Bearer ${agencyToken}`, version: "2021-07-28" },
      });
      return { token: answer.access_token, livesMs: answer.expires_in * 1000 };
    },
  };
}

export type GhlOAuth = ReturnType<typeof createGhlOAuth>;

const refusal = z.looseObject({
  error: z.string().catch(""),
  error_description: z.string().catch(""),
  message: z.union([z.string(), z.array(z.string()).transform((list) => list.join("; "))]).catch(""),
});

/**
 * GHL does not document how it says so, and 400 alone means less: a suspended location is one too, and comes back
 * (highlevel-api-docs issue #249). So it must speak of the grant, the code or the refresh token.
 */
function isGrantRefused({ status, body }: VendorError): boolean {
  if (status !== 400 && status !== 401 && status !== 422) return false;
  const { error, error_description: description, message } = refusal.parse(body ?? {});
  if (/invalid_client/i.test(error)) return false;
  return /invalid.?grant|refresh.?token|authori[sz]ation.?code|invalid code/i.test(
    `${error} ${description} ${message}`,
  );
}

function grantObstacle(error: VendorError): Error {
  return isGrantRefused(error)
    ? new GhlGrantRefused("GHL refuses the code or refresh token", { cause: error })
    : unsent(error);
}

/** The request that wants the token was not sent: refused is what a person must look at, everything else passes. */
function unsent({ operation, status, retryAfterMs, message }: VendorError): VendorError {
  const refused = status !== undefined && status < 500 && consequenceOf(status) !== "ambiguous" && status !== 429;
  const detail = refused ? "GHL gives no token: GHL_CLIENT_ID, GHL_CLIENT_SECRET or the location are refused" : message;
  return new VendorError({
    ...{ vendor: "ghl", operation, status, retryAfterMs, detail },
    consequence: refused ? "unauthorised" : "not-applied",
  });
}
