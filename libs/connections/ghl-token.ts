import { setTimeout as wait } from "node:timers/promises";
import type { Vault } from "@callbridge/event-log";
import { GhlGrantRefused, type GhlOAuth } from "@callbridge/ghl";
import { VendorError } from "@callbridge/vendor";
import { type Bearer, type Grant, grantSchema, isYoung, nextStep } from "./grant.ts";

export type TokenDeps = {
  vault: Vault;
  clock: () => Date;
  account: string;
  oauth: GhlOAuth;
};

/** The name of the grant in the vault. */
export const grantName = "ghl";
/** After an outage nobody asks for this long; what GHL refuses a person must look at first. */
const outageRetryMs = 15_000;
const refusedRetryMs = 300_000;
/** An agency's token that ended: refresh, exchange, and once more for what others did meanwhile. */
const changesMax = 4;
/** How often a new pair is tried to be kept when the database fails just then, a little longer apart each time. */
const keepAttemptsMax = 6;
const keepRetryMs = 250;

/**
 * Gives access tokens of an account's location. It keeps none: every request reads the row, so that what another replica
 * renewed, or a person connected or took away, holds at once. Renewing happens under the row's lock, once for all
 * replicas, and a new pair is committed before it is used. A process that dies between GHL's answer and the commit takes
 * the new refresh token along: GHL offers no way back but another consent.
 */
export function ghlTokens({ vault, clock, account, oauth }: TokenDeps): (refused?: string) => Promise<string> {
  const nowMs = () => clock().getTime();
  /** Of this process; one connection is enough to wait for the other replicas. */
  let changing: Promise<Grant | undefined> | undefined;

  return async (refused) => {
    let grant = await readGrant(vault, account);
    for (let changes = 0; changes <= changesMax; changes += 1) {
      if (!grant) throw noToken("unauthorised", `GHL is not connected: run ${connectCommand(account)}`);
      const step = nextStep(grant, nowMs(), refused);
      if (step.do === "use") return step.token;
      if (step.do === "connect") throw noToken("unauthorised", consentLost(account));
      if (step.do === "wait") throw noToken(step.trouble.consequence, step.trouble.because, step.afterMs);
      changing ??= change(refused).finally(() => {
        changing = undefined;
      });
      grant = await changing;
    }
    throw noToken("not-applied", "GHL's token ends as soon as it is renewed");
  };

  /** One step towards a token that works, decided anew under the lock: whoever waited finds it taken. */
  async function change(refused: string | undefined): Promise<Grant | undefined> {
    const renewed: { from?: Grant; to?: Grant } = {};
    try {
      const secret = await vault.change<unknown>(account, grantName, clock(), async (held) => {
        const grant = grantSchema.parse(held);
        const step = nextStep(grant, nowMs(), refused);
        if (step.do !== "refresh" && step.do !== "exchange") return held;
        const next = await (step.do === "refresh" ? refresh(grant) : exchange(grant));
        Object.assign(renewed, { from: grant, to: next });
        return next;
      });
      return secret === undefined ? undefined : grantSchema.parse(secret);
    } catch (error) {
      const { from, to } = renewed;
      if (!from || !to || to.refreshToken === from.refreshToken) throw error;
      return keep(from, to);
    }
  }

  async function refresh(grant: Grant): Promise<Grant> {
    try {
      const { access, refreshToken, scopes } = await oauth.refresh(grant.kind, grant.refreshToken);
      return { ...grant, access: bearerOf(access, nowMs()), refreshToken, scopes, trouble: undefined };
    } catch (error) {
      if (error instanceof GhlGrantRefused) return { ...grant, refusedAt: nowMs(), trouble: undefined };
      return troubled(grant, error);
    }
  }

  async function exchange(grant: Grant): Promise<Grant> {
    const { companyId = "", locationId, access } = grant;
    try {
      const token = await oauth.locationToken({ companyId, locationId, agencyToken: access.token });
      return { ...grant, location: bearerOf(token, nowMs()), trouble: undefined };
    } catch (error) {
      const isAccessOver = error instanceof VendorError && error.status === 401 && !isYoung(access, nowMs());
      return isAccessOver ? { ...grant, access: { ...access, until: nowMs() } } : troubled(grant, error);
    }
  }

  function troubled(grant: Grant, error: unknown): Grant {
    if (!(error instanceof VendorError)) throw error;
    const consequence = error.consequence === "unauthorised" ? "unauthorised" : "not-applied";
    const afterMs = consequence === "unauthorised" ? refusedRetryMs : outageRetryMs;
    return { ...grant, trouble: { because: error.message, retryAt: nowMs() + afterMs, consequence } };
  }

  /** The database failed while GHL's answer was in hand. The row still holds the pair that is used up, or needs no help. */
  async function keep(from: Grant, to: Grant): Promise<Grant | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const secret = await vault.change<unknown>(account, grantName, clock(), async (held) =>
          grantSchema.parse(held).refreshToken === from.refreshToken ? to : held,
        );
        return secret === undefined ? undefined : grantSchema.parse(secret);
      } catch (error) {
        if (attempt === keepAttemptsMax) throw error;
        await wait(keepRetryMs * 2 ** attempt);
      }
    }
  }
}

export async function readGrant(vault: Vault, account: string): Promise<Grant | undefined> {
  const secret = await vault.read(account, grantName);
  return secret === undefined ? undefined : grantSchema.parse(secret);
}

export const bearerOf = ({ token, livesMs }: { token: string; livesMs: number }, nowMs: number): Bearer => ({
  token,
  givenAt: nowMs,
  until: nowMs + livesMs,
});

export const connectCommand = (account: string) =>
  `callbridge ghl connect${account === "default" ? "" : ` --account ${account}`}`;

export const consentLost = (account: string) =>
  `GHL takes our refresh token no more (revoked, or its successor was lost): run ${connectCommand(account)} again`;

/** For the request that wanted the token and was not sent. 401 or no status: whether GHL itself is well. */
function noToken(consequence: "not-applied" | "unauthorised", detail: string, retryAfterMs?: number): VendorError {
  const status = consequence === "unauthorised" ? 401 : undefined;
  return new VendorError({ vendor: "ghl", operation: "oauth.token", consequence, detail, status, retryAfterMs });
}
