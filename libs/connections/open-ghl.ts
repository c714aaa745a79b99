import { createGhl, type Ghl } from "@callbridge/ghl";
import type { AccountPlatform, Config, GhlAccess } from "@callbridge/service";
import { type GhlConnection, ghlConnection } from "./ghl-connection.ts";

type Addresses = Pick<Config, "GHL_BASE_URL" | "publicUrl">;
type Base = Pick<AccountPlatform, "log" | "clock" | "account">;

/**
 * GHL as a service of an account asks it, by whichever access is configured, for calls and for sweeps, which leave most of
 * the budget to calls; and what keeps it from that.
 */
export function openGhl(
  config: Addresses,
  access: GhlAccess,
  platform: Base & Pick<AccountPlatform, "gate">,
): { ghl: Ghl; sweeping: Ghl; waitsFor: () => Promise<string[]> } {
  const connection = openGhlConnection(config, access, platform);
  const clientFor = (work: "calls" | "sweep") =>
    createGhl({
      token: connection?.token ?? (() => ("token" in access ? access.token : "")),
      locationId: access.locationId,
      baseUrl: config.GHL_BASE_URL,
      gate: platform.gate("ghl", work),
    });
  return { ghl: clientFor("calls"), sweeping: clientFor("sweep"), waitsFor: connection?.waitsFor ?? (async () => []) };
}

/** Undefined: the account has a private token, which nobody has to connect. */
export function openGhlConnection(
  { GHL_BASE_URL: baseUrl, publicUrl }: Addresses,
  access: GhlAccess,
  { log: { vault }, clock, account }: Base,
): GhlConnection | undefined {
  if ("token" in access) return undefined;
  const { locationId, ...app } = access;
  return ghlConnection({ vault, clock, account, app, locationId, baseUrl, publicUrl });
}
