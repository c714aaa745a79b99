import { randomBytes } from "node:crypto";
import { type FreshLog, freshLog } from "@callbridge/testing";
import { startTwin, type Twin } from "@callbridge/twin";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, inject } from "vitest";
import { type Installation, installation } from "./installation.ts";
import { mainRoad } from "./main-road.ts";

const prefix = `t${randomBytes(4).toString("hex")}`;
let twin: Twin;
let fresh: FreshLog;
let running: Installation;
const natsUrl = () => inject("natsUrl") ?? "";

beforeAll(async () => {
  twin = await startTwin({ settings: { cloudtalkOperationsMax: 10_000, ghlRequestsMax: 10_000 } });
  fresh = await freshLog();
  running = await installation(twin, {
    DATABASE_URL: fresh.url,
    DATA_KEY: fresh.dataKey,
    NATS_URL: natsUrl(),
    NATS_PREFIX: prefix,
  });
  await running.start();
});
afterAll(async () => {
  await running?.remove();
  await fresh?.drop();
  await twin?.close();
  const nats = await connect({ servers: natsUrl() });
  await (await jetstreamManager(nats)).streams.delete(`EVENTS_${prefix}`);
  await nats.close();
});

describe("the main road over JetStream", () => {
  mainRoad(() => ({ twin, running, log: fresh.log }));
});
