import type { EventLog } from "@callbridge/event-log";
import { type JsMsg, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { Bus, Deliver } from "./bus.ts";
import type { Nats } from "./connect.ts";
import { createConsumers } from "./consumers.ts";
import { createHealth } from "./health.ts";
import { announcementOf } from "./message.ts";
import { pause } from "./pause.ts";
import { createSlots, type Slots } from "./slots.ts";
import { ackWaitMs, consumerConfig, type Topology } from "./topology.ts";

const retryMs = 1_000;
/** How long the server holds a request while there is nothing; a message that comes meanwhile is sent at once. */
const fetchMs = 5_000;
/** How often the low-water mark is read from the server and saved: what a rebuilt stream may have to repeat. */
const saveMarkMs = 5_000;

/** The bus over JetStream. It outlives the server: a lost connection, stream or consumer is made again. */
export function createJetStreamBus(nats: Nats, log: EventLog, topology: Topology): Bus {
  const consumers = createConsumers();
  const health = createHealth();

  return {
    consume: (consumer, deliver, { concurrency }) =>
      consumers.start((signal) => run(consumer, deliver, concurrency, signal)),
    health: health.now,
    close: async () => {
      await consumers.stopAll();
      await nats.close();
    },
  };

  async function run(consumer: string, deliver: Deliver, concurrency: number, signal: AbortSignal): Promise<void> {
    const slots = createSlots(concurrency);
    // Registers the consumer before it has done anything, so that the relay knows where a rebuilt stream must begin.
    while (!signal.aborted) {
      try {
        await log.saveMark(consumer, 0, new Date());
        await consumeOnce(consumer, deliver, slots, signal);
      } catch (error) {
        health.fails(error);
        if (!signal.aborted) await pause(retryMs, signal);
      }
    }
    await slots.idle();
    await saveMark(consumer).catch(() => undefined);
  }

  /** Ends when stopped; throws when the consumer or the stream is gone. */
  async function consumeOnce(consumer: string, deliver: Deliver, slots: Slots, signal: AbortSignal): Promise<void> {
    const connection = await nats.connection();
    const manager = await jetstreamManager(connection);
    await manager.consumers.add(topology.stream, consumerConfig(consumer));
    const durable = await jetstream(connection).consumers.get(topology.stream, consumer);
    const saving = setInterval(() => void saveMark(consumer).catch(() => undefined), saveMarkMs);
    try {
      while (!signal.aborted) {
        // No more than there are hands for: what lies in a buffer when the process dies comes again only after the ack wait.
        const free = await slots.free();
        if (signal.aborted) return;
        const batch = await durable.fetch({ max_messages: free, expires: fetchMs });
        const stop = () => batch.stop();
        signal.addEventListener("abort", stop, { once: true });
        let count = 0;
        for await (const message of batch) {
          count += 1;
          await slots.take();
          slots.run(handle(message, deliver));
        }
        signal.removeEventListener("abort", stop);
        // Silence may mean that there is nothing, or that there is no consumer any more.
        if (count === 0 && !signal.aborted) await durable.info();
        health.works();
      }
    } finally {
      clearInterval(saving);
    }
  }

  async function handle(message: JsMsg, deliver: Deliver): Promise<void> {
    const working = setInterval(() => message.working(), ackWaitMs / 3);
    try {
      await deliver(announcementOf(message.string()), message.info.deliveryCount);
      message.ack();
      health.works();
    } catch (error) {
      health.fails(error);
      message.nak(retryMs);
    } finally {
      clearInterval(working);
    }
  }

  /** All below the consumer's ack floor is done; the message at the floor says which position that is. */
  async function saveMark(consumer: string): Promise<void> {
    const manager = await jetstreamManager(await nats.connection());
    const { ack_floor } = await manager.consumers.info(topology.stream, consumer);
    if (ack_floor.stream_seq === 0) return;
    const message = await manager.streams.getMessage(topology.stream, { seq: ack_floor.stream_seq });
    if (message) await log.saveMark(consumer, announcementOf(message.string()).position, new Date());
  }
}
