import { z } from "zod";

const envelope = z.looseObject({ type: z.string(), data: z.looseObject({}), occurred_at: z.unknown().optional() });

/** The fixed envelope of CloudTalk's native webhooks (facts/cloudtalk.md §2B). */
export type Envelope = { type: string; occurredAt: unknown; data: object };

/** Undefined when the body is something else. Both marks are asked for: operators, too, write `type` and `data`. */
export function readEnvelope(body: object): Envelope | undefined {
  if (!("event_id" in body || "occurred_at" in body)) return undefined;
  const parsed = envelope.safeParse(body);
  if (!parsed.success) return undefined;
  return { type: parsed.data.type, occurredAt: parsed.data.occurred_at, data: parsed.data.data };
}
