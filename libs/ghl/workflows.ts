import type { GhlContactId } from "@callbridge/events";
import { z } from "zod";
import type { GhlApi } from "./api.ts";

export function workflowsOf({ request }: GhlApi) {
  return {
    /**
     * Enrols a contact in a workflow, from `eventStartTime` on or at once: `POST /contacts/{id}/workflow/{workflowId}`
     * (facts/ghl.md §3.1). GHL does not answer whether it did: a contact that is enrolled already is skipped unless the
     * workflow allows re-entry. What the workflow does cannot be read back, so an ambiguous failure is not repeated.
     */
    async addToWorkflow(contactId: GhlContactId, workflowId: string, eventStartTime?: Date): Promise<void> {
      const path = `/contacts/${encodeURIComponent(contactId)}/workflow/${encodeURIComponent(workflowId)}`;
      const json = { eventStartTime: eventStartTime?.toISOString() };
      await request({ operation: "contacts.addToWorkflow", method: "POST", path, json, answer: z.unknown() });
    },
  };
}
