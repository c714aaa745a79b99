import { createHmac } from "node:crypto";
import type { NewEvent, NormaliserContext } from "@callbridge/events";
import { expect } from "vitest";
import { normaliseCloudTalk } from "./normalise.ts";

/* What the normaliser's tests share. Bodies have the shapes of real deliveries, with made-up values. */

export const receivedAt = "2026-09-27T16:02:00.000Z";
export const hash = (text: string) => createHmac("sha256", "test").update(text).digest("hex");
const context: NormaliserContext = { defaultCountry: "IT", hash };

export const normalise = (endpoint: string, body: unknown, at = receivedAt) =>
  normaliseCloudTalk({ endpoint, body, receivedAt: at }, context);
export function eventsOf(endpoint: string, body: unknown, at = receivedAt): NewEvent[] {
  const result = normalise(endpoint, body, at);
  return result.verdict === "accepted" ? result.events : [];
}
export function only(endpoint: string, body: unknown, at = receivedAt): NewEvent {
  const [event, ...others] = eventsOf(endpoint, body, at);
  expect(others).toEqual([]);
  if (!event) throw new Error(JSON.stringify(normalise(endpoint, body)));
  return event;
}

export const uuid = "00000000-0000-4000-8000-0000000ad001";
export const link = (id: number) =>
  `https://my.cloudtalk.io/pub/r/${encodeURIComponent(Buffer.from(String(id)).toString("base64"))}/MDAw%3D.wav`;
export const realEnded = {
  call_uuid: uuid,
  internal_number: 39060000001,
  contact_id: 1400000001,
  agent_id: 400001,
  external_number: 393000000001,
  "# di tentativi di chiamata": null,
};
export const realRecording = {
  call_id: 1000000021,
  recording_url: link(1000000021),
  internal_number: 39060000001,
  external_number: 393000000001,
};
