import type { Bus, Consuming, Deliver } from "@callbridge/bus";
import type { EventLog } from "@callbridge/event-log";
import type { LogEvent } from "@callbridge/events";
import type { SimulatedProcess } from "./process.ts";
import type { Random } from "./random.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** As libs/bus/topology.ts has it. */
const ackWaitMs = 60_000;
const nakMs = 1_000;
/** How late it notices that an answer is overdue. */
const lookMs = 5_000;

type Message = { event: LogEvent; deliveries: number; openUntilMs: number };
type Client = { process: SimulatedProcess; deliver: Deliver; concurrency: number; inHand: number; isStopped: boolean };

/** A broker that outlives the processes: one durable per service, shared by all replicas, as JetStream is. */
export type Broker = {
  bus: (process: SimulatedProcess, log: EventLog) => Bus;
  /** Unacked, over all services. */
  open: () => number;
};

export function broker(time: SimulatedTime, random: Random, events: () => readonly LogEvent[]): Broker {
  const durables = new Map<string, { next: number; unacked: Map<number, Message>; clients: Set<Client> }>();

  function durable(consumer: string) {
    const found = durables.get(consumer) ?? { next: 0, unacked: new Map(), clients: new Set<Client>() };
    durables.set(consumer, found);
    return found;
  }

  /** Gives out what is new, and again what nobody answered for in time. */
  function dispatch(consumer: string): void {
    const { unacked, clients, ...state } = durable(consumer);
    const free = () => {
      const able = [...clients].filter((one) => one.process.alive() && !one.isStopped && one.inHand < one.concurrency);
      const [first, ...others] = able;
      return first && random.pick([first, ...others]);
    };
    const now = time.nowMs();
    for (const message of unacked.values()) {
      const client = message.openUntilMs <= now ? free() : undefined;
      if (client) give(consumer, client, message);
    }
    for (let next = state.next; next < events().length; next++) {
      const [event, client] = [events()[next], free()];
      if (!event || !client) break;
      const message = { event, deliveries: 0, openUntilMs: 0 };
      unacked.set(event.position, message);
      durable(consumer).next = next + 1;
      give(consumer, client, message);
    }
  }

  function give(consumer: string, client: Client, message: Message): void {
    const { event } = message;
    message.deliveries += 1;
    message.openUntilMs = time.nowMs() + ackWaitMs;
    client.inHand += 1;
    const { deliveries } = message;
    const { unacked } = durable(consumer);
    const { process, deliver } = client;
    const { position, account, stream, type, version } = event;
    time.after(random.between(0, 20), () =>
      process.enter(() => {
        const endWorking = process.alarms.every(ackWaitMs / 2, () => {
          message.openUntilMs = time.nowMs() + ackWaitMs;
        });
        const ack = () => process.port("bus.ack", () => void unacked.delete(position), lostConnection);
        const nak = () => {
          message.openUntilMs = time.nowMs() + nakMs;
        };
        const over = () => {
          endWorking();
          client.inHand -= 1;
        };
        // An ack that got lost is a message that comes again.
        deliver({ position, account, stream, type, version }, deliveries).then(ack, nak).then(over, over);
      }),
    );
  }

  return {
    open: () => [...durables.values()].reduce((sum, { unacked }) => sum + unacked.size, 0),
    bus: (process, log) => ({
      consume: (consumer, deliver, { concurrency }): Consuming => {
        const client: Client = { process, deliver, concurrency, inHand: 0, isStopped: false };
        const { clients } = durable(consumer);
        clients.add(client);
        const endLooking = process.alarms.every(lookMs, () => dispatch(consumer));
        const listener = log.listen(() => dispatch(consumer));
        return {
          stop: async () => {
            client.isStopped = true;
            clients.delete(client);
            endLooking();
            await listener.close();
            while (client.inHand > 0) await new Promise<void>((resolve) => process.alarms.after(50, resolve));
          },
        };
      },
      health: () => ({ ok: true }),
      close: async () => undefined,
    }),
  };
}

const lostConnection = () => new Error("the connection to the broker was lost");
