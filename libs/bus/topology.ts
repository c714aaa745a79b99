import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";

/** Names of everything in JetStream, in one place. `prefix` keeps installations on one server apart (and tests). */
export type Topology = { stream: string; subjects: string; subjectOf: (account: string, type: string) => string };

export function topology(prefix = "callbridge"): Topology {
  const subjects = `${prefix}.events`;
  return {
    stream: prefix === "callbridge" ? "EVENTS" : `EVENTS_${prefix}`,
    subjects: `${subjects}.>`,
    subjectOf: (account, type) => `${subjects}.${account.replace(/[^A-Za-z0-9_-]/g, "_")}.${type}`,
  };
}

const nanosecondsPerMs = 1_000_000;
/** Longest silence of a process before its events go to another one; while it works it says so three times as often. */
export const ackWaitMs = 15_000;
/** Unacked events of one service over all its replicas: enough for 8 replicas at 32 each. */
const ackPendingMax = 256;

/** The stream keeps what the log holds anyway, so it is replaceable and has no limits of its own. */
export function streamConfig(
  { stream, subjects }: Topology,
  replicas: number,
): Partial<StreamConfig> & { name: string } {
  return {
    name: stream,
    subjects: [subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: replicas,
  };
}

/** One durable per service over everything: nats-server 2.9 allows one filter subject only, so types are filtered in code. */
export function consumerConfig(consumer: string): Partial<ConsumerConfig> {
  return {
    durable_name: consumer,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: ackWaitMs * nanosecondsPerMs,
    max_ack_pending: ackPendingMax,
    // Never given up by the broker: after its last delivery a message would stay in the stream, undelivered and silent.
    // The runtime counts deliveries and makes the dead letter itself.
    max_deliver: -1,
  };
}
