import { z } from "zod";
import { callId, instant, nothingPersonal, text } from "./fields.ts";

/** The comparison of the vendors' records with the log. */
export const reconcileEvents = {
  /** Compare the vendor's call history with the log and the CRM: once for a window, or again and again. */
  "reconcile.requested": {
    data: z.object({
      /** Absent: every sweep looks at its own recent window, and each past day is certified once. */
      from: instant.optional(),
      to: instant.optional(),
      /** Only certify; report nothing as recovered. */
      dryRun: z.boolean(),
    }),
    personal: nothingPersonal,
  },
  /** How many calls of a window each side knows, and why they differ. */
  "reconcile.certified": {
    data: z.object({
      from: instant,
      to: instant,
      cloudtalk: z.number().int().nonnegative(),
      log: z.number().int().nonnegative(),
      crm: z.number().int().nonnegative(),
      recovered: z.number().int().nonnegative(),
      /** Calls that are not in the CRM, counted by reason. */
      reasons: z.record(z.string(), z.number().int()),
      /** The first of them by name. */
      examples: z.array(z.object({ callId, because: text })),
    }),
    personal: nothingPersonal,
  },
};
