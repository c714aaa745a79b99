import type { EventLog } from "@callbridge/event-log";
import {
  JetStreamApiCodes,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
  type StreamState,
} from "@nats-io/jetstream";
import { createBell } from "./bell.ts";
import type { Nats } from "./connect.ts";
import { createHealth, type Health } from "./health.ts";
import { announcementOf, toCloudEvent } from "./message.ts";
import { pause } from "./pause.ts";
import { streamConfig, type Topology } from "./topology.ts";

/** Publishes in flight at once; their order is held by the expected sequence of each. */
const batchSize = 200;
/** A lost notification may delay an event by this much. */
const pollMs = 2_000;
const retryMs = 1_000;
/** How soon the relay notices that somebody deleted the stream or messages of it. */
const checkMs = 1_000;

export type Relay = { stop: () => Promise<void>; health: () => Health };

/**
 * Publishes the log to JetStream, in order of position. It has no cursor of its own: it goes on after the position of the
 * stream's last message, and every publish names the sequence it expects, so that a second relay, or a paused one that
 * wakes up, can neither double nor reorder anything. Several processes may host it; an advisory lock lets one work.
 */
export function startRelay(log: EventLog, nats: Nats, topology: Topology, replicas = 1): Relay {
  const controller = new AbortController();
  const { signal } = controller;
  const bell = createBell();
  const listener = log.listen(bell.ring);
  const health = createHealth();
  const finished = run();
  return {
    health: health.now,
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
        health.fails(error);
        await pause(retryMs, signal);
      }
    }
  }

  /** Ends when stopped or when the lock is lost; throws when the stream is not what it expected: then all is read anew. */
  async function publish(lost: AbortSignal): Promise<void> {
    let { position, sequence, begin } = await whereToGoOn();
    let checkAt = 0;
    const js = jetstream(await nats.connection());
    health.works();
    while (!signal.aborted && !lost.aborted) {
      if (Date.now() >= checkAt) {
        await assertStreamIs(begin, sequence);
        checkAt = Date.now() + checkMs;
      }
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
      position = batch.at(-1)?.position ?? position;
      sequence += batch.length;
      if (batch.length < batchSize) await bell.wait(pollMs);
    }
  }

  /** A purge changes no sequence, and without events nobody sees a deletion: what consumers still need would be missing. */
  async function assertStreamIs(begin: number, sequence: number): Promise<void> {
    const { state } = await (await jetstreamManager(await nats.connection())).streams.info(topology.stream);
    if (state.last_seq !== sequence || beginOf(state) !== begin)
      throw new Error("the stream was changed by somebody else");
  }

  async function whereToGoOn(): Promise<{ position: number; sequence: number; begin: number }> {
    const manager = await jetstreamManager(await nats.connection());
    const config = streamConfig(topology, replicas);
    const { state } = await manager.streams.info(topology.stream).catch((error: unknown) => {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
        return manager.streams.add(config);
      throw error;
    });
    const sequence = state.last_seq;
    const positionAt = async (seq: number) => {
      const message = state.messages > 0 ? await manager.streams.getMessage(topology.stream, { seq }) : null;
      return message ? announcementOf(message.string()).position : undefined;
    };
    const [first, last, lowest] = [
      await positionAt(state.first_seq),
      await positionAt(sequence),
      await log.lowestMark(),
    ];
    if (first !== undefined && last !== undefined && first <= lowest + 1)
      return { position: last, sequence, begin: beginOf(state) };
    // Empty, or it begins after what somebody still needs. What is left goes too: marks are true only in order of position.
    await manager.streams.purge(topology.stream);
    return { position: lowest, sequence, begin: sequence + 1 };
  }
}

/** The sequence of the first message; of an empty stream, of the one that comes next. */
const beginOf = ({ messages, first_seq, last_seq }: StreamState) => (messages > 0 ? first_seq : last_seq + 1);
