import type { CloudTalk } from "@callbridge/cloudtalk";
import { cloudtalkContactId } from "@callbridge/events";
import type { EffectDefinition } from "@callbridge/service";
import { z } from "zod";

const input = z.object({ contactId: cloudtalkContactId });

/** Deletes a contact in CloudTalk because its counterpart was deleted; intended only where `sync.deletions` is on. */
export function cloudtalkDeletionEffect(
  cloudtalk: Pick<CloudTalk, "contact" | "deleteContact">,
  host: string,
): EffectDefinition<z.output<typeof input>> {
  return {
    kind: "cloudtalk.contact_deletion",
    input,
    host,
    perform: async ({ contactId }) => {
      await cloudtalk.deleteContact(contactId);
      return {};
    },
    readBack: async ({ contactId }) => ((await cloudtalk.contact(contactId)) ? undefined : {}),
  };
}
