import { randomBytes } from "node:crypto";
import { type FreshLog, freshLog, until } from "@callbridge/testing";
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { busConformance } from "./conformance.ts";
import { connectNats } from "./connect.ts";
import { deleteStream } from "./delete-stream.ts";
import { createJetStreamBus } from "./jetstream-bus.ts";
import { type Relay, startRelay } from "./relay.ts";
import { topology } from "./topology.ts";

const names = topology(`t${randomBytes(4).toString("hex")}`);
let fresh: FreshLog;
let nats: NatsConnection;
let relay: Relay;

const connection = () => connectNats({ url: inject("natsUrl") ?? "", name: "callbridge-test" });

beforeAll(async () => {
  fresh = await freshLog();
  nats = await connection();
  relay = startRelay(fresh.log, nats, names);
});
afterAll(async () => {
  await relay.stop();
  await (await jetstreamManager(nats)).streams.delete(names.stream);
  await nats.drain();
  await fresh.drop();
});

const openBus = async () => createJetStreamBus(await connection(), fresh.log, names);

describe("the JetStream bus", () => {
  busConformance(() => ({ log: fresh.log, openBus }));

  test("a second relay doubles nothing and takes over when the first one stops", async () => {
    const second = startRelay(fresh.log, await connection(), names);
    const manager = await jetstreamManager(nats);
    const stored = async () => (await manager.streams.info(names.stream)).state.messages;
    const before = await fresh.log.lastPosition();
    await until("the relay is level", async () => (await stored()) === before);
    await relay.stop();
    await fresh.log.append({
      now: new Date(),
      events: [{ account: "a", cause: { correlationId: "c" }, event: agentStatus("relay-1") }],
    });
    await until("the second relay works", async () => (await stored()) === before + 1);
    relay = second;
  });

  test("a stream deleted by hand is built again from the lowest mark, and consumers miss nothing", async () => {
    const bus = await openBus();
    const seen = new Set<number>();
    bus.consume("survivor", async ({ position }) => void seen.add(position), { concurrency: 4 });
    const last = await fresh.log.lastPosition();
    await until("it is level", () => seen.has(last));
    await (await jetstreamManager(nats)).streams.delete(names.stream);
    const answer = await fresh.log.append({
      now: new Date(),
      events: [{ account: "a", cause: { correlationId: "c" }, event: agentStatus("relay-2") }],
    });
    const position = answer.events[0]?.position ?? 0;
    await until("the event after the deletion arrives", () => seen.has(position));
    expect(position).toBe(last + 1);
    await bus.close();
  });

  test("what is purged before a consumer had it is published again, in order and before what came later", async () => {
    await fresh.log.saveMark("late", 0, new Date());
    const manager = await jetstreamManager(nats);
    const stored = async () => (await manager.streams.info(names.stream)).state.messages;
    await until("the relay is level", async () => (await stored()) === (await fresh.log.lastPosition()));
    await manager.streams.purge(names.stream);
    await fresh.log.append({
      now: new Date(),
      events: [{ account: "a", cause: { correlationId: "c" }, event: agentStatus("relay-3") }],
    });
    const bus = await openBus();
    const seen: number[] = [];
    bus.consume("late", async ({ position }) => void seen.push(position), { concurrency: 1 });
    const last = await fresh.log.lastPosition();
    await until("it has all", () => new Set(seen).size === last);
    expect(seen.slice(-last)).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    await bus.close();
  });

  test("a stream deleted while nothing happens is built again without a new event", async () => {
    const manager = await jetstreamManager(nats);
    const last = await fresh.log.lastPosition();
    const mark = await fresh.log.lowestMark();
    const deleted = await deleteStream({ url: inject("natsUrl") ?? "", topology: names });
    expect(deleted).toBeGreaterThan(0);
    const messages = () =>
      manager.streams.info(names.stream).then(
        ({ state }) => state.messages,
        () => undefined,
      );
    await until("it is there again", async () => (await messages()) === last - mark);
    expect(
      await deleteStream({ url: inject("natsUrl") ?? "", topology: topology("nobody_uses_this") }),
    ).toBeUndefined();
  });
});

function agentStatus(agent: string) {
  return {
    type: "agent.status_changed" as const,
    stream: `agent:${agent}`,
    key: { fact: `agent:${agent}` },
    time: new Date().toISOString(),
    source: "cloudtalk",
    data: { agentId: agent, status: "online" },
    personal: {},
  };
}
