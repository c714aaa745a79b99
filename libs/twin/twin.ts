import { type TwinControl, twinControl } from "./control.ts";
import { mountControl } from "./control-routes.ts";
import { type TwinCredentials, twinCredentials } from "./credentials.ts";
import { echo } from "./echo.ts";
import { faultQueue } from "./faults.ts";
import { lateWork } from "./late-work.ts";
import { vendorLimits } from "./limits.ts";
import { requestLog } from "./request-log.ts";
import { prefixes } from "./route.ts";
import { twinRoutes } from "./routes.ts";
import { vendorServer } from "./server.ts";
import { mergeSettings, type TwinSettings } from "./settings.ts";
import { emptyState } from "./state.ts";
import type { World } from "./world.ts";

export type TwinOptions = {
  /** 0 picks a free one. */
  port?: number;
  host?: string;
  settings?: Partial<TwinSettings>;
  /** The id of the first call. A twin whose webhooks go into a log that outlives it must not give an id twice. */
  firstCallId?: number;
  /** Governs readiness, lags, windows and dates. Timers (`apply-late`, `latencyMs`) stay real: see `control.settle`. */
  now?: () => Date;
};

export type Twin = {
  url: string;
  /** Base URLs in the form of Callbridge's variables; `callLog` is for `GHL_CALL_LOG_URL`. */
  urls: {
    cloudtalk: string;
    analytics: string;
    intelligence: string;
    platform: string;
    ghl: string;
    openai: string;
    callLog: string;
  };
  credentials: TwinCredentials;
  control: TwinControl;
  close: () => Promise<void>;
};

/** Starts CloudTalk, GoHighLevel and OpenAI as one process on one port, seeded and listening. */
export async function startTwin(options: TwinOptions = {}): Promise<Twin> {
  const late = lateWork();
  const credentials = twinCredentials();
  let url = "";
  const world: World = {
    state: emptyState(),
    settings: mergeSettings({}, options.settings ?? {}),
    credentials,
    now: options.now ?? (() => new Date()),
    url: () => world.settings.publicUrl?.replace(/\/$/, "") ?? url,
    changed: (change) => echo(world, late, change, world.settings.echoWrites),
  };
  const watch = { log: requestLog(), faults: faultQueue(), limits: vendorLimits(world), late };
  const app = vendorServer(world, twinRoutes(world), watch);
  const control = twinControl(world, watch);
  if (options.firstCallId !== undefined) world.state.cloudtalk.lastIds.call = options.firstCallId - 1;
  mountControl(app, control, () => ({
    url,
    urls: urls(),
    credentials,
    settings: world.settings,
    seeded: control.seeded(),
  }));
  const urls = (): Twin["urls"] => {
    const base = world.url();
    return {
      cloudtalk: base + prefixes.cloudtalk,
      analytics: base + prefixes.analytics,
      intelligence: base + prefixes.intelligence,
      platform: base + prefixes.platform,
      ghl: base + prefixes.ghl,
      openai: base + prefixes.openai,
      callLog: `${base}${prefixes.ghl}/hooks/${credentials.ghlLocationId}/webhook-trigger/00000000-0000-4000-8000-00000000ca11`,
    };
  };
  url = await app.listen({ port: options.port ?? 0, host: options.host ?? "127.0.0.1" });
  return {
    url,
    urls: urls(),
    credentials,
    control,
    async close() {
      late.cancel();
      await late.settle();
      await app.close();
    },
  };
}
