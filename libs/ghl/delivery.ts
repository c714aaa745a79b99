import { readFields } from "@callbridge/vendor";
import { z } from "zod";

const signed = z.object({ webhookId: z.string().trim().min(1).max(200) });

/** GHL's id of a delivery: the same on every retry of a Marketplace webhook, absent on workflow webhooks. */
export function ghlDeliveryId(body: unknown): string | undefined {
  return signed.safeParse(body).data?.webhookId;
}

/**
 * The location that a payload says it comes from: `location.id` in workflow webhooks, `locationId` in Marketplace events
 * and in bodies that operators type. Undefined when it does not say. Whoever takes payloads compares it with its own.
 */
export function ghlLocationOf(body: unknown): string | undefined {
  return readFields(body).id("location.id", "locationid", "contact.locationid", "opportunity.locationid");
}
