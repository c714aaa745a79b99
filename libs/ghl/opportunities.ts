import { type GhlContactId, ghlContactId } from "@callbridge/events";
import { z } from "zod";
import { type GhlApi, isNotFound } from "./api.ts";

export const opportunityStatus = z.enum(["open", "won", "lost", "abandoned"]);
export type GhlOpportunityStatus = z.infer<typeof opportunityStatus>;

export type GhlOpportunity = {
  id: string;
  name: string | undefined;
  contactId: GhlContactId | undefined;
  pipelineId: string | undefined;
  stageId: string | undefined;
  /** As GHL says it, in lower case. */
  status: string | undefined;
};

const text = z.string().nullish().catch(undefined);
const opportunity = z
  .looseObject({
    id: z.string().min(1),
    name: text,
    contactId: ghlContactId.nullish().catch(undefined),
    pipelineId: text,
    pipelineStageId: text,
    status: text,
  })
  .transform(
    (answer): GhlOpportunity => ({
      id: answer.id,
      name: answer.name ?? undefined,
      contactId: answer.contactId ?? undefined,
      pipelineId: answer.pipelineId ?? undefined,
      stageId: answer.pipelineStageId ?? undefined,
      status: answer.status?.toLowerCase() ?? undefined,
    }),
  );
const oneOrNone = z.looseObject({ opportunity: opportunity.nullish() });
const page = z.looseObject({ opportunities: z.array(z.unknown()) });

/** GHL gives at most 100 on a page (facts/ghl.md §3.4); more opportunities of one person are no sales process. */
const rowsMax = 100;

/** Opportunities and where they stand. Both writes are harmless to repeat; GHL reports each change by webhook. */
export function opportunitiesOf({ request, locationId }: GhlApi) {
  const pathOf = (id: string) => `/opportunities/${encodeURIComponent(id)}`;

  return {
    /** A contact's opportunities in every pipeline and of every status. */
    async opportunitiesOf(id: GhlContactId): Promise<GhlOpportunity[]> {
      const query = { location_id: locationId, contact_id: id, limit: rowsMax };
      const path = "/opportunities/search";
      const found = await request({ operation: "opportunities.search", method: "GET", path, query, answer: page });
      const read = found.opportunities.flatMap((row) => opportunity.safeParse(row).data ?? []);
      // The filter is believed only as far as the answer shows it.
      return read.filter((one) => one.contactId === undefined || one.contactId === id);
    },

    /** An opportunity as it is now; undefined when there is none of this id. */
    async opportunity(id: string): Promise<GhlOpportunity | undefined> {
      try {
        const get = { operation: "opportunities.get", method: "GET", path: pathOf(id), answer: oneOrNone } as const;
        return (await request(get)).opportunity ?? undefined;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },

    /** Moves an opportunity within its pipeline. */
    async setOpportunityStage(id: string, { pipelineId, stageId }: { pipelineId: string; stageId: string }) {
      const json = { pipelineId, pipelineStageId: stageId };
      await request({ operation: "opportunities.update", method: "PUT", path: pathOf(id), json, answer: z.unknown() });
    },

    async setOpportunityStatus(id: string, status: GhlOpportunityStatus): Promise<void> {
      const path = `${pathOf(id)}/status`;
      await request({ operation: "opportunities.status", method: "PUT", path, json: { status }, answer: z.unknown() });
    },
  };
}
