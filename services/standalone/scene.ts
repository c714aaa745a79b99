import { type FreshLog, freshLog } from "@callbridge/testing";
import { startTwin, type Twin, type TwinSettings } from "@callbridge/twin";
import { afterAll, beforeAll } from "vitest";
import { type Installation, installation } from "./installation.ts";

/** Vendors, a log of their own, and an installation that runs between the two. */
export type Scene = { twin: Twin; fresh: FreshLog; running: Installation };

/** No test waits for a vendor's budget. */
const ample = { cloudtalkOperationsMax: 10_000, ghlRequestsMax: 10_000 };

/** For all tests of a file: set up before the first of them, gone after the last. `configuration`: another `CONFIG_FILE`. */
export function scene(
  settings: Partial<TwinSettings> = {},
  { environment = {}, configuration }: { environment?: Record<string, string>; configuration?: string } = {},
): Scene {
  const made = {} as Scene;
  beforeAll(async () => {
    made.twin = await startTwin({ settings: { ...ample, ...settings } });
    made.fresh = await freshLog();
    const { url: DATABASE_URL, dataKey: DATA_KEY } = made.fresh;
    made.running = await installation(made.twin, { DATABASE_URL, DATA_KEY, ...environment }, configuration);
    await made.running.start();
  });
  afterAll(async () => {
    await made.running?.remove();
    await made.fresh?.drop();
    await made.twin?.close();
  });
  return made;
}
