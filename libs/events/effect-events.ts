import { z } from "zod";
import { id, nothingPersonal, text } from "./fields.ts";

export const effectKind = z.enum([
  "ghl.contact",
  "ghl.note",
  /** Removes a second copy of a note that a vendor applied later than anybody may assume. */
  "ghl.note_duplicates",
  /** A note that somebody wrote in the call centre. */
  "ghl.note_copy",
  "ghl.call_log",
  "ghl.fields",
  /** Changes of a contact that exists: only what differs, merged into what is there. */
  "ghl.contact_update",
  "ghl.tags",
  "ghl.task",
  "ghl.workflow",
  "ghl.opportunity",
  /** Only where the configuration carries deletions over. */
  "ghl.contact_deletion",
  "cloudtalk.contact",
  "cloudtalk.contact_update",
  "cloudtalk.tags",
  /** One attribute of a contact, merged into the others. */
  "cloudtalk.attribute",
  "cloudtalk.note",
  "cloudtalk.activity",
  "cloudtalk.cue_card",
  "cloudtalk.contact_deletion",
]);
export type EffectKind = z.infer<typeof effectKind>;

/** What all events of one effect carry. `effect` is its idempotency key, `target` what must be written in order. */
const effectRef = { effect: id, kind: effectKind, target: id };
/** What becomes of a write to a vendor. */
export const effectEvents = {
  "effect.intended": {
    data: z.object({
      ...effectRef,
      /** Orders the writes to one target; a higher one supersedes a lower one. */ revision: z.number(),
    }),
    personal: z.object({
      /** What to write, in our own words; the kind's own schema reads it. */ input: z
        .record(z.string(), z.unknown())
        .optional(),
    }),
  },
  "effect.attempted": {
    data: z.object({ ...effectRef, attempt: z.number().int().positive(), host: text }),
    personal: nothingPersonal,
  },
  "effect.observed": {
    data: z.object({
      ...effectRef,
      attempt: z.number().int().nonnegative(),
      vendorId: id.optional(),
      how: z.enum(["answer", "read-back"]),
      /** Keyed hash of what was seen there, to tell later whether a person changed it. */
      digest: text.optional(),
    }),
    personal: nothingPersonal,
  },
  "effect.failed": {
    data: z.object({
      ...effectRef,
      attempt: z.number().int().nonnegative(),
      /** false: surely not applied and tried again; true: given up. */
      final: z.boolean(),
      because: text,
      status: z.number().int().optional(),
    }),
    personal: nothingPersonal,
  },
  /** It may have happened and nothing can be read back: shown to people, never retried blindly. */
  "effect.unknown": {
    data: z.object({ ...effectRef, attempt: z.number().int().positive(), because: text }),
    personal: nothingPersonal,
  },
  "effect.skipped": { data: z.object({ ...effectRef, because: text }), personal: nothingPersonal },
};
