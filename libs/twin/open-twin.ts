import { type TwinControl, twinControl } from "./control.ts";
import { type TwinCredentials, twinCredentials } from "./credentials.ts";
import { echo } from "./echo.ts";
import { faultQueue } from "./faults.ts";
import { lateWork } from "./late-work.ts";
import { vendorLimits } from "./limits.ts";
import { requestLog } from "./request-log.ts";
import { prefixes } from "./route.ts";
import type { Watch } from "./server.ts";
import { mergeSettings, type TwinSettings } from "./settings.ts";
import { emptyState } from "./state.ts";
import type { SendWebhook, World } from "./world.ts";

export type TwinOptions = {
  settings?: Partial<TwinSettings>;
  /** The id of the first call. A twin whose webhooks go into a log that outlives it must not give an id twice. */
  firstCallId?: number;
  /** Governs readiness, lags, windows and dates. Timers (`apply-late`, `latencyMs`) stay real: see `control.settle`. */
  now?: () => Date;
  send?: SendWebhook;
};

/** Base URLs in the form of Callbridge's variables; `callLog` is for `GHL_CALL_LOG_URL`. */
export type TwinUrls = {
  cloudtalk: string;
  analytics: string;
  intelligence: string;
  platform: string;
  ghl: string;
  openai: string;
  callLog: string;
};

export type TwinParts = {
  world: World;
  watch: Watch;
  control: TwinControl;
  credentials: TwinCredentials;
  urls: TwinUrls;
};

/** All of the twin but the way to it. `address` is asked when needed, because a server knows it late. */
export function openTwin(
  { settings = {}, firstCallId, now = () => new Date(), send }: TwinOptions,
  address: () => string,
): Omit<TwinParts, "urls"> & { urls: () => TwinUrls } {
  const late = lateWork();
  const credentials = twinCredentials();
  const world: World = {
    ...{ state: emptyState(), settings: mergeSettings({}, settings), credentials, now, send },
    url: () => world.settings.publicUrl?.replace(/\/$/, "") ?? address(),
    changed: (change) => echo(world, late, change, world.settings.echoWrites),
  };
  const watch = { log: requestLog(), faults: faultQueue(), limits: vendorLimits(world), late };
  const control = twinControl(world, watch);
  if (firstCallId !== undefined) world.state.cloudtalk.lastIds.call = firstCallId - 1;
  return { world, watch, control, credentials, urls: () => urlsBelow(world.url(), credentials) };
}

function urlsBelow(base: string, { ghlLocationId }: TwinCredentials): TwinUrls {
  return {
    cloudtalk: base + prefixes.cloudtalk,
    analytics: base + prefixes.analytics,
    intelligence: base + prefixes.intelligence,
    platform: base + prefixes.platform,
    ghl: base + prefixes.ghl,
    openai: base + prefixes.openai,
    callLog: `${base}${prefixes.ghl}/hooks/${ghlLocationId}/webhook-trigger/00000000-0000-4000-8000-00000000ca11`,
  };
}
