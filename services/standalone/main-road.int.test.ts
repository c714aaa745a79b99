import { type FreshLog, freshLog } from "@callbridge/testing";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, describe } from "vitest";
import { type Installation, installation } from "./installation.ts";
import { mainRoad } from "./main-road.ts";

let twin: Twin;
let fresh: FreshLog;
let running: Installation;

beforeAll(async () => {
  twin = await startTwin({ settings: { cloudtalkOperationsMax: 10_000, ghlRequestsMax: 10_000 } });
  fresh = await freshLog();
  running = await installation(twin, { DATABASE_URL: fresh.url, DATA_KEY: fresh.dataKey });
  await running.start();
});
afterAll(async () => {
  await running?.remove();
  await fresh?.drop();
  await twin?.close();
});

describe("the main road over the embedded bus", () => {
  mainRoad(() => ({ twin, running, log: fresh.log }));
});
