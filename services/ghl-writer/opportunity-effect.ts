import { type Ghl, type GhlOpportunity, opportunityStatus } from "@callbridge/ghl";
import { type EffectDefinition, type Performed, remembered } from "@callbridge/service";
import { z } from "zod";

const input = z.object({
  /** The open opportunities that may be meant. Only when it is one, something is done. */
  opportunityIds: z.array(z.string()),
  /** Name or id of a stage in the opportunity's own pipeline. */
  stage: z.string().optional(),
  status: opportunityStatus.optional(),
});
type Input = z.output<typeof input>;

/** Moves or closes an opportunity: read first, and only what differs is written. */
export function opportunityEffect(
  ghl: Pick<Ghl, "opportunity" | "pipelines" | "setOpportunityStage" | "setOpportunityStatus">,
  host: string,
): EffectDefinition<Input> {
  const pipelines = remembered(() => ghl.pipelines());

  async function stageIdOf(stage: string, { pipelineId }: GhlOpportunity, now: Date): Promise<string | undefined> {
    const pipeline = (await pipelines(now.getTime())).find(({ id }) => id === pipelineId);
    const name = stage.trim().toLowerCase();
    return pipeline?.stages.find((one) => one.id === stage || one.name.trim().toLowerCase() === name)?.id;
  }

  return {
    kind: "ghl.opportunity",
    input,
    host,
    perform: async ({ opportunityIds, stage, status }, { now }): Promise<Performed> => {
      const [id, ...others] = opportunityIds;
      if (id === undefined) return { skip: "the contact has no open opportunity there" };
      if (others.length > 0) return { skip: `the contact has ${opportunityIds.length} open opportunities there` };
      const opportunity = await ghl.opportunity(id);
      if (!opportunity?.pipelineId) return { skip: "the opportunity is gone" };
      const { pipelineId } = opportunity;
      const stageId = stage === undefined ? undefined : await stageIdOf(stage, opportunity, now);
      if (stage !== undefined && stageId === undefined) return { skip: `its pipeline has no stage "${stage}"` };
      if (stageId !== undefined && stageId !== opportunity.stageId)
        await ghl.setOpportunityStage(id, { pipelineId, stageId });
      if (status !== undefined && status !== opportunity.status) await ghl.setOpportunityStatus(id, status);
      return { vendorId: id };
    },
    readBack: async ({ opportunityIds: [id], stage, status }, { now }) => {
      const opportunity = id === undefined ? undefined : await ghl.opportunity(id);
      if (!opportunity) return undefined;
      const stageId = stage === undefined ? opportunity.stageId : await stageIdOf(stage, opportunity, now);
      const isDone = stageId === opportunity.stageId && (status ?? opportunity.status) === opportunity.status;
      return isDone ? { vendorId: opportunity.id } : undefined;
    },
  };
}
