import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Vault } from "@callbridge/event-log";
import { createGhlOAuth, type GhlApp, GhlGrantRefused, ghlConsentUrl } from "@callbridge/ghl";
import { z } from "zod";
import { bearerOf, connectCommand, consentLost, ghlTokens, grantName, readGrant } from "./ghl-token.ts";
import type { Grant } from "./grant.ts";

/** A person can do something about it; the message says what, and quotes nothing that came from outside. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
}

export type GhlStatus = {
  kind: Grant["kind"];
  locationId: string;
  companyId: string | undefined;
  scopes: string[];
  connectedAt: string;
  /** When the present access token ends; it is renewed before. */
  accessUntil: string;
  /** What keeps us from new tokens, if anything does. */
  trouble: string | undefined;
};

export type ConnectionOptions = {
  vault: Vault;
  clock: () => Date;
  account: string;
  app: GhlApp;
  /** The location that this account works for; a consent for another one is refused. */
  locationId: string;
  baseUrl: string;
  publicUrl: string;
};

/** GHL refuses addresses that hold its own names, so the one that is registered does not. */
const callbackPath = "/oauth/crm/callback";
export const callbackPaths = [callbackPath, "/oauth/ghl/callback"];
const consentName = "ghl-consent";
/** Long enough to log in at GHL and to choose, too short to be found in a history. */
const consentMs = 15 * 60_000;
const consent = z.object({ state: z.string(), redirectUri: z.string(), until: z.number() });

/** An account's OAuth connection to its GHL location: how it begins, is kept and ends. */
export function ghlConnection(options: ConnectionOptions) {
  const { vault, clock, account, app, locationId, baseUrl, publicUrl } = options;
  const oauth = createGhlOAuth(app, baseUrl);
  const token = ghlTokens({ vault, clock, account, oauth });
  const again = `run ${connectCommand(account)} again`;

  return {
    token,

    /** Where a person consents, within a quarter of an hour; the last one that was asked for counts. */
    async begin({ byAgency }: { byAgency: boolean }) {
      const state = `${account}.${randomBytes(32).toString("base64url")}`;
      const redirectUri = `${publicUrl}${callbackPath}`;
      const until = clock().getTime() + consentMs;
      await vault.put(account, consentName, { state, redirectUri, until }, clock());
      return { url: ghlConsentUrl(app, { redirectUri, state, byAgency }), redirectUri, until: new Date(until) };
    },

    /** The browser came back. `state` must be the one that `begin` gave, and is good once. */
    async comeBack(code: string, state: string): Promise<GhlStatus> {
      const given = consent.optional().parse(await vault.read(account, consentName));
      const isOurs = given !== undefined && same(given.state, state) && clock().getTime() < given.until;
      if (!isOurs || !(await vault.remove(account, consentName))) {
        throw new ConnectError(`this link is not known, used up or older than a quarter of an hour: ${again}`);
      }
      return take(code, given.redirectUri);
    },

    /** Somebody pasted the code that GHL put into the browser's address. */
    async paste(code: string): Promise<GhlStatus> {
      const given = consent.optional().parse(await vault.read(account, consentName));
      const status = await take(code, given?.redirectUri ?? `${publicUrl}${callbackPath}`);
      await vault.remove(account, consentName);
      return status;
    },

    status,

    /** What readiness says of it. */
    async waitsFor(): Promise<string[]> {
      const grant = await readGrant(vault, account);
      if (!grant) return [`GHL is not connected: run ${connectCommand(account)}`];
      return grant.refusedAt === undefined ? [] : [consentLost(account)];
    },

    /** False: it was not connected. At GHL the app stays installed until somebody removes it there. */
    async disconnect(): Promise<boolean> {
      await vault.remove(account, consentName);
      return vault.remove(account, grantName);
    },
  };

  async function take(code: string, redirectUri: string): Promise<GhlStatus> {
    const tokens = await oauth.exchange(code, redirectUri).catch((cause: unknown) => {
      if (!(cause instanceof GhlGrantRefused)) throw cause;
      throw new ConnectError(`GHL does not take the code: it is used up, too old or for another address: ${again}`, {
        cause,
      });
    });
    const { kind, refreshToken, scopes, companyId } = tokens;
    if (kind === "Location" && tokens.locationId !== locationId) {
      throw new ConnectError(`the consent is for another location than GHL_LOCATION_ID: ${again} and choose that one`);
    }
    if (kind === "Company" && companyId === undefined) {
      throw new ConnectError("GHL does not say which agency consented: connect the location itself");
    }
    const now = clock();
    const access = bearerOf(tokens.access, now.getTime());
    const about = { kind, locationId, companyId, scopes, connectedAt: now.getTime() };
    await vault.put(account, grantName, { ...about, access, refreshToken } satisfies Grant, now);
    // An agency's token is exchanged at once; when that fails, the status tells why.
    await token().catch(() => undefined);
    const connected = await status();
    if (!connected) throw new ConnectError(`it was disconnected meanwhile: ${again}`);
    return connected;
  }

  async function status(): Promise<GhlStatus | undefined> {
    const grant = await readGrant(vault, account);
    if (!grant) return undefined;
    const { kind, companyId, scopes, connectedAt, access, location, trouble, refusedAt } = grant;
    const mine = kind === "Location" ? access : location;
    return {
      ...{ kind, locationId: grant.locationId, companyId, scopes },
      connectedAt: new Date(connectedAt).toISOString(),
      accessUntil: new Date((mine ?? access).until).toISOString(),
      trouble: refusedAt === undefined ? trouble?.because : consentLost(account),
    };
  }
}

export type GhlConnection = ReturnType<typeof ghlConnection>;

/** Whose consent a `state` belongs to, as it claims; `comeBack` proves it. */
export function accountOfState(state: string): string {
  return state.slice(0, Math.max(0, state.lastIndexOf(".")));
}

/** Compares in the same time whatever the difference, and whatever the lengths. */
function same(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
