import { ghlContactId } from "@callbridge/events";
import type { Ghl } from "@callbridge/ghl";
import type { EffectDefinition } from "@callbridge/service";
import { z } from "zod";

const input = z.object({ contactId: ghlContactId, workflowId: z.string() });

/** Adds a contact to a workflow of the CRM. Who is in one cannot be read, so a lost answer is never sent again. */
export function workflowEffect(
  ghl: Pick<Ghl, "addToWorkflow">,
  host: string,
): EffectDefinition<z.output<typeof input>> {
  return {
    kind: "ghl.workflow",
    input,
    host,
    perform: async ({ contactId, workflowId }) => {
      await ghl.addToWorkflow(contactId, workflowId);
      return {};
    },
  };
}
