import { z } from "zod";

/** Moments are milliseconds since 1970. */
const bearer = z.object({ token: z.string(), givenAt: z.number(), until: z.number() });
export type Bearer = z.infer<typeof bearer>;

/** What a person's consent gave us at GHL, as it lies in the vault. */
export const grantSchema = z.object({
  kind: z.enum(["Location", "Company"]),
  locationId: z.string(),
  companyId: z.string().optional(),
  scopes: z.array(z.string()),
  connectedAt: z.number(),
  access: bearer,
  refreshToken: z.string(),
  /** An agency's token exchanged for the location's. */
  location: bearer.optional(),
  /** GHL gave no token: nobody asks it again before. */
  trouble: z
    .object({ because: z.string(), retryAt: z.number(), consequence: z.enum(["not-applied", "unauthorised"]) })
    .optional(),
  /** GHL takes the refresh token no more: a person must consent again. */
  refusedAt: z.number().optional(),
});
export type Grant = z.infer<typeof grantSchema>;

export type Step =
  | { do: "use"; token: string }
  /** The agency's token for the location's. */
  | { do: "exchange" }
  | { do: "refresh" }
  | { do: "wait"; trouble: NonNullable<Grant["trouble"]>; afterMs: number }
  /** Only a person can go on. */
  | { do: "connect" };

/** Tokens are renewed before they end, so that an outage of the token endpoint this long is never noticed. */
const earlyMs = 15 * 60_000;
/** A token this young is not refused for its age: renewing it would not help, and every renewal has its risk. */
const youngMs = 10 * 60_000;

/** What to do for a token that works. `refused`: GHL answered 401 to this one. */
export function nextStep(grant: Grant, nowMs: number, refused?: string): Step {
  const { kind, access, location, trouble, refusedAt } = grant;
  const mine = kind === "Location" ? access : location;
  const usable = mine && nowMs < mine.until && !isRefused(mine, nowMs, refused) ? mine : undefined;
  if (usable && !isEnding(usable, nowMs)) return { do: "use", token: usable.token };
  const canExchange = kind === "Company" && !isEnding(access, nowMs);
  const cannotRenew = trouble !== undefined && nowMs < trouble.retryAt;
  if (usable && (cannotRenew || (refusedAt !== undefined && !canExchange))) return { do: "use", token: usable.token };
  if (cannotRenew) return { do: "wait", trouble, afterMs: trouble.retryAt - nowMs };
  if (canExchange) return { do: "exchange" };
  return refusedAt === undefined ? { do: "refresh" } : { do: "connect" };
}

/** Of a token that lives shorter than a few hours the last tenth. */
const isEnding = ({ givenAt, until }: Bearer, nowMs: number) =>
  nowMs >= until - Math.min(earlyMs, (until - givenAt) / 10);

export const isYoung = ({ givenAt }: Bearer, nowMs: number) => nowMs - givenAt < youngMs;

const isRefused = (mine: Bearer, nowMs: number, refused: string | undefined) =>
  mine.token === refused && !isYoung(mine, nowMs);
