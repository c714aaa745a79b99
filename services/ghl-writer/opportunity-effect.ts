import { type Ghl, type GhlOpportunity, type GhlPipeline, opportunityStatus } from "@callbridge/ghl";
import type { EffectDefinition, Performed } from "@callbridge/service";
import { z } from "zod";

const input = z.object({
  /** The open opportunities that may be meant. Only when it is one, something is done. */
  opportunityIds: z.array(z.string()),
  /** Name or id of a stage in the opportunity's own pipeline. */
  stage: z.string().optional(),
  status: opportunityStatus.optional(),
});
type Input = z.output<typeof input>;

/** How long the pipelines are believed. */
const pipelinesFreshMs = 10 * 60_000;

/** Moves or closes an opportunity: read first, and only what differs is written. */
export function opportunityEffect(
  ghl: Pick<Ghl, "opportunity" | "pipelines" | "setOpportunityStage" | "setOpportunityStatus">,
  host: string,
): EffectDefinition<Input> {
  let known: { atMs: number; pipelines: Promise<GhlPipeline[]> } | undefined;

  function pipelines(nowMs: number): Promise<GhlPipeline[]> {
    if (known && nowMs - known.atMs < pipelinesFreshMs) return known.pipelines;
    const asked = ghl.pipelines();
    asked.catch(() => {
      known = undefined;
    });
    known = { atMs: nowMs, pipelines: asked };
    return asked;
  }

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
