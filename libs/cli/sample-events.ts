import type { EventLog } from "@callbridge/event-log";
import { catalogue, type NewEvent, type NewEventOf, stream } from "@callbridge/events";

const time = "2026-11-22T09:00:00.000Z";

/** Events of fictional calls. For tests. */
export function callEnded(uuid: string): NewEventOf<"call.ended"> {
  const name = stream.callByUuid(uuid);
  return {
    type: "call.ended",
    stream: name,
    key: { fact: `${name}/ended` },
    time,
    source: "cloudtalk",
    data: catalogue["call.ended"].data.parse({ callUuid: uuid }),
    personal: { externalPhone: "+12025550143", contactName: "Ada Lovelace" },
  };
}

export function answeredCall(uuid: string, callId: string): NewEvent {
  const name = stream.callByUuid(uuid);
  return {
    type: "call.identified",
    stream: name,
    key: { fact: `${name}/identified` },
    time,
    source: "contact-sync",
    data: catalogue["call.identified"].data.parse({
      ...{ callUuid: uuid, callId, direction: "inbound", outcome: "answered", because: "reports" },
    }),
    personal: {},
  };
}

/** A write that was intended and ended with the given events. */
export function write(effect: string, revision: number, ...ends: EffectEnd[]): NewEvent[] {
  const ref = { effect, kind: "ghl.note" as const, target: `note:${effect.split(":")[0]}` };
  const common = { stream: stream.callByUuid("written"), time, source: "ghl-writer" };
  const key = (step: string) => ({ fact: `effect:${effect}/${step}` });
  const intended: NewEvent = {
    ...common,
    type: "effect.intended",
    key: key("intended"),
    data: { ...ref, revision },
    personal: { input: { contactId: "c1", body: "the secret note" } },
  };
  const ended = ends.map((end): NewEvent => {
    const attempt = 1;
    if (end === "failed") {
      const data = { ...ref, attempt, final: true, because: "ghl notes.create: 422 no such contact" };
      return { ...common, type: "effect.failed", key: key("end"), data, personal: {} };
    }
    const data = { ...ref, attempt, because: "no answer, and nothing to read back" };
    return { ...common, type: "effect.unknown", key: key("end"), data, personal: {} };
  });
  return [intended, ...ended];
}
type EffectEnd = "failed" | "unknown";

export async function put(log: EventLog, now: Date, ...events: NewEvent[]): Promise<number[]> {
  const answer = await log.append({
    now,
    events: events.map((event) => ({
      account: "default",
      event,
      cause: { correlationId: `delivery-of-${event.type === "call.ended" ? event.data.callUuid : "another"}` },
    })),
  });
  return answer.events.map(({ position }) => position);
}
