import { ghlContactId } from "@callbridge/events";
import type { Ghl } from "@callbridge/ghl";
import type { EffectDefinition } from "@callbridge/service";
import { z } from "zod";

const input = z.object({ contactId: ghlContactId });

/** Deletes a contact in the CRM because its counterpart was deleted; intended only where `sync.deletions` is on. */
export function contactDeletionEffect(
  ghl: Pick<Ghl, "contact" | "deleteContact">,
  host: string,
): EffectDefinition<z.output<typeof input>> {
  return {
    kind: "ghl.contact_deletion",
    input,
    host,
    perform: async ({ contactId }) => {
      await ghl.deleteContact(contactId);
      return {};
    },
    readBack: async ({ contactId }) => ((await ghl.contact(contactId)) ? undefined : {}),
  };
}
