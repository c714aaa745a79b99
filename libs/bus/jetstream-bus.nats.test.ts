import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { type FreshLog, freePort, freshLog, until } from "@callbridge/testing";
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { busConformance } from "./conformance.ts";
import { type Nats, openNats } from "./connect.ts";
import { deleteStream } from "./delete-stream.ts";
import { createJetStreamBus } from "./jetstream-bus.ts";
import { type Relay, startRelay } from "./relay.ts";
import { topology } from "./topology.ts";

const names = topology(`t${randomBytes(4).toString("hex")}`);
let fresh: FreshLog;
let ours: Nats;
let nats: NatsConnection;
let relay: Relay;

const open = () => openNats({ url: inject("natsUrl") ?? "", name: "callbridge-test" });

beforeAll(async () => {
  fresh = await freshLog();
  ours = open();
  nats = await ours.connection();
  relay = startRelay(fresh.log, ours, names);
});
afterAll(async () => {
  await relay.stop();
  await (await jetstreamManager(nats)).streams.delete(names.stream);
  await ours.close();
  await fresh.drop();
});

const openBus = async () => createJetStreamBus(open(), fresh.log, names);

describe("the JetStream bus", () => {
  busConformance(() => ({ log: fresh.log, openBus }));

  test("a second relay doubles nothing and takes over when the first one stops", async () => {
    const second = startRelay(fresh.log, ours, names);
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

  test("a bus that is opened before its server is there works as soon as it is, and says meanwhile what is wrong", async () => {
    const port = await freePort();
    const bus = createJetStreamBus(openNats({ url: `nats://127.0.0.1:${port}`, name: "early" }), fresh.log, names);
    const seen = new Set<number>();
    bus.consume("early", async ({ position }) => void seen.add(position), { concurrency: 4 });
    await until("it says so", () => bus.health().because?.includes(`127.0.0.1:${port} cannot be reached`));
    const door = await doorTo(new URL(nats.getServer().replace(/^(?!nats:)/, "nats://")), port);
    const last = await fresh.log.lastPosition();
    await until("it is level", () => seen.has(last));
    expect(bus.health()).toEqual({ ok: true });
    await bus.close();
    door.close();
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

/** Something that listens on the port and leads to the server. */
async function doorTo({ hostname, port }: URL, here: number): Promise<Server> {
  const door = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => undefined);
  });
  door.listen(here, "127.0.0.1");
  await once(door, "listening");
  return door;
}

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
