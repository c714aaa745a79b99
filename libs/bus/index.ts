export { type Bell, createBell } from "./bell.ts";
export type { Bus, Consuming, Deliver } from "./bus.ts";
export { connectNats } from "./connect.ts";
export { deleteStream } from "./delete-stream.ts";
export { createEmbeddedBus } from "./embedded-bus.ts";
export { createJetStreamBus } from "./jetstream-bus.ts";
export { cloudEventOf } from "./message.ts";
export { type Relay, startRelay } from "./relay.ts";
export { type Topology, topology } from "./topology.ts";
