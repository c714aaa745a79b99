import { randomBytes } from "node:crypto";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, describe, inject } from "vitest";
import { mainRoad } from "./main-road.ts";
import { scene } from "./scene.ts";

const prefix = `t${randomBytes(4).toString("hex")}`;
const natsUrl = inject("natsUrl") ?? "";

// Said before the scene is set up, so done after it is gone.
afterAll(async () => {
  const nats = await connect({ servers: natsUrl });
  await (await jetstreamManager(nats)).streams.delete(`EVENTS_${prefix}`);
  await nats.close();
});
const at = scene({}, { environment: { NATS_URL: natsUrl, NATS_PREFIX: prefix } });

describe("the main road over JetStream", () => {
  mainRoad(() => ({ ...at, log: at.fresh.log }));
});
