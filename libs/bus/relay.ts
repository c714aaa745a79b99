import type { EventLog } from "@callbridge/event-log";
import { JetStreamApiCodes, JetStreamApiError, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { createBell } from "./bell.ts";
import { announcementOf, toCloudEvent } from "./message.ts";
import { pause } from "./pause.ts";
import { streamConfig, type Topology } from "./topology.ts";

/** Publishes in flight at once; their order is held by the expected sequence of each. */
const batchSize = 200;
/** A lost notification may delay an event by this much. */
const pollMs = 2_000;
const retryMs = 1_000;

export type Relay = { stop: () => Promise<void>; health: () => { ok: boolean; because?: string } };

/**
 * Publishes the log to JetStream, in order of position. It has no cursor of its own: it goes on after the position of the
 * stream's last message, and every publish names the sequence it expects, so that a second relay, or a paused one that
 * wakes up, can neither double nor reorder anything. Several processes may host it; an advisory lock lets one work.
 */
export function startRelay(log: EventLog, nats: NatsConnection, topology: Topology, replicas = 1): Relay {
  const controller = new AbortController();
  const { signal } = controller;
  const bell = createBell();
  const listener = log.listen(bell.ring);
  let trouble: string | undefined;
  const finished = run();
  return {
    health: () => (trouble === undefined ? { ok: true } : { ok: false, because: trouble }),
    stop: async () => {
      controller.abort();
      bell.ring();
      await finished;
      await listener.close();
    },
  };

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        const lock = await log.lockSession("callbridge.relay", signal);
        if (!lock) continue;
        try {
          await publish(lock.lost);
        } finally {
          await lock.release();
        }
      } catch (error) {
        trouble = error instanceof Error ? error.message : String(error);
        await pause(retryMs, signal);
      }
    }
  }

  /** Ends when stopped or when the lock is lost; throws when the stream is not what it expected: then all is read anew. */
  async function publish(lost: AbortSignal): Promise<void> {
    let { position, sequence } = await whereToGoOn();
    const js = jetstream(nats);
    trouble = undefined;
    while (!signal.aborted && !lost.aborted) {
      const batch = await log.envelopes(position, batchSize);
      const first = sequence;
      const acks = await Promise.allSettled(
        batch.map((event, index) =>
          js.publish(topology.subjectOf(event.account, event.type), toCloudEvent(event), {
            expect: { lastSequence: first + index, streamName: topology.stream },
          }),
        ),
      );
      for (const ack of acks) if (ack.status === "rejected") throw ack.reason;
      if (batch.length === 0) await assertStreamIsAt(sequence);
      position = batch.at(-1)?.position ?? position;
      sequence += batch.length;
      if (batch.length < batchSize) await bell.wait(pollMs);
    }
  }

  /** Without events to publish nobody would notice that the stream was deleted, and what consumers still need would be missing. */
  async function assertStreamIsAt(sequence: number): Promise<void> {
    const manager = await jetstreamManager(nats);
    const { state } = await manager.streams.info(topology.stream);
    if (state.last_seq !== sequence) throw new Error("the stream was changed by somebody else");
  }

  async function whereToGoOn(): Promise<{ position: number; sequence: number }> {
    const manager = await jetstreamManager(nats);
    const config = streamConfig(topology, replicas);
    const { state } = await manager.streams.info(topology.stream).catch((error: unknown) => {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
        return manager.streams.add(config);
      throw error;
    });
    const last = state.messages > 0 ? await manager.streams.getMessage(topology.stream, { seq: state.last_seq }) : null;
    const position = last ? announcementOf(last.string()).position : await log.lowestMark();
    return { position, sequence: state.last_seq };
  }
}
