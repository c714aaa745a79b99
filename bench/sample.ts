import type { NewEvent } from "../libs/events/index.ts";
import { stream } from "../libs/events/index.ts";

const epoch = Date.UTC(2026, 0, 1);
const kinds = ["call.started", "call.answered", "call.ended", "call.recording_ready"] as const;
export const eventsPerCall = kinds.length;

/** The nth event of a busy call centre: four webhooks a call, each with the names and numbers that rich templates bring. */
export function sampleEvent(index: number): NewEvent {
  const call = Math.floor(index / kinds.length);
  const type = kinds[index % kinds.length] ?? "call.ended";
  const uuid = `00000000-0000-4000-8000-${call.toString(16).padStart(12, "0")}`;
  const at = new Date(epoch + index * 1_000).toISOString();
  return {
    type,
    stream: stream.callByUuid(uuid),
    key: { fact: `${stream.callByUuid(uuid)}/${type}` },
    time: at,
    source: "cloudtalk",
    data: {
      callUuid: uuid as never,
      direction: "inbound",
      agentId: "400001",
      startedAt: at,
      talkingSeconds: index % 600,
    },
    personal: {
      externalPhone: `+1202555${String(call % 10_000).padStart(4, "0")}`,
      internalPhone: "+390600000001",
      agentName: "Ada Example",
      contactName: "Grace Example",
    },
  };
}

/** `size` events of which every tenth was in the batch before. `from` counts events, so that batches follow each other. */
export function batchWithDuplicates(from: number, size: number): NewEvent[] {
  const fresh = Array.from({ length: size - Math.floor(size / 10) }, (_, index) => sampleEvent(from + index));
  const repeated = Array.from({ length: Math.floor(size / 10) }, (_, index) =>
    sampleEvent(Math.max(0, from - 1 - index)),
  );
  return fresh.flatMap((event, index) => {
    const repeat = index % 9 === 8 ? repeated[(index - 8) / 9] : undefined;
    return repeat ? [event, repeat] : [event];
  });
}

export const freshIn = (size: number) => size - Math.floor(size / 10);
