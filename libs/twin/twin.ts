import type { TwinControl } from "./control.ts";
import { mountControl } from "./control-routes.ts";
import type { TwinCredentials } from "./credentials.ts";
import { openTwin, type TwinOptions, type TwinUrls } from "./open-twin.ts";
import { twinRoutes } from "./routes.ts";
import { vendorServer } from "./server.ts";

export type TwinServerOptions = Omit<TwinOptions, "send"> & {
  /** 0 picks a free one. */
  port?: number;
  host?: string;
};

export type Twin = {
  url: string;
  urls: TwinUrls;
  credentials: TwinCredentials;
  control: TwinControl;
  close: () => Promise<void>;
};

/** Starts CloudTalk, GoHighLevel and OpenAI as one process on one port, seeded and listening. */
export async function startTwin(options: TwinServerOptions = {}): Promise<Twin> {
  let url = "";
  const { world, watch, control, credentials, urls } = openTwin(options, () => url);
  const app = vendorServer(world, twinRoutes(world), watch);
  mountControl(app, control, () => ({
    url,
    urls: urls(),
    credentials,
    settings: world.settings,
    seeded: control.seeded(),
  }));
  url = await app.listen({ port: options.port ?? 0, host: options.host ?? "127.0.0.1" });
  return {
    url,
    urls: urls(),
    credentials,
    control,
    async close() {
      watch.late.cancel();
      await watch.late.settle();
      await app.close();
    },
  };
}
