import type { z } from "zod";
import { callEvents } from "./call-events.ts";
import { contactEvents } from "./contact-events.ts";
import { effectEvents } from "./effect-events.ts";
import { reconcileEvents } from "./reconcile-events.ts";
import { stream } from "./streams.ts";
import { syncEvents } from "./sync-events.ts";

/**
 * Every event, its data (free of personal data: it travels the bus and may be logged) and its personal data (encrypted in
 * the log, every field optional because a stream's key can be destroyed). Unknown is a third state: absent is never 0.
 */
export const catalogue = {
  ...callEvents,
  ...contactEvents,
  ...reconcileEvents,
  ...syncEvents,
  ...effectEvents,
} satisfies Record<string, { data: z.ZodObject; personal: z.ZodObject }>;

export type EventType = keyof typeof catalogue;
export type EventData<T extends EventType> = z.output<(typeof catalogue)[T]["data"]>;
export type EventPersonal<T extends EventType> = z.output<(typeof catalogue)[T]["personal"]>;

/** The current version of every event is 1 until one is succeeded; older ones are upcast on read. */
export const eventVersion = 1;

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(catalogue, type);
}

/** Pairs of streams that an event declares to be the same subject. The log keeps them beside the events. */
export function linksOf(type: EventType, data: Record<string, unknown>): [string, string][] {
  const value = (name: string) => (typeof data[name] === "string" ? data[name] : undefined);
  if (type.startsWith("call.")) {
    const [byId, byUuid] = [value("callId"), value("callUuid")];
    return byId && byUuid ? [[stream.callById(byId), stream.callByUuid(byUuid)]] : [];
  }
  return type === "contact.linked" ? contactLink(data) : [];
}

/** Pairs of streams that an event parts again. */
export function unlinksOf(type: EventType, data: Record<string, unknown>): [string, string][] {
  return type === "contact.unlinked" ? contactLink(data) : [];
}

function contactLink({
  cloudtalkContactId: cloudtalk,
  ghlContactId: ghl,
}: Record<string, unknown>): [string, string][] {
  if (typeof cloudtalk !== "string" || typeof ghl !== "string") return [];
  return [[stream.cloudtalkContact(cloudtalk), stream.ghlContact(ghl)]];
}
