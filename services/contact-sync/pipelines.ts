import type { Ghl, GhlPipeline } from "@callbridge/ghl";
import { remembered } from "@callbridge/service";

/** The location's pipelines, to find names by ids and the other way. */
export type Pipelines = {
  /** By id or name, whatever its case. Names stay as they were given where nothing is found. */
  find: (wanted: { pipeline?: string | undefined; stage?: string | undefined }) => {
    pipelineName: string;
    stageId: string | undefined;
    stageName: string;
  };
};

/** How long a stage that is not among them is not asked for again. */
const missFreshMs = 60_000;

/** Reads the pipelines when they are needed, and again when a stage is not among them. */
export function pipelinesOf(ghl: Pick<Ghl, "pipelines">): (now: Date, stage: string | undefined) => Promise<Pipelines> {
  const pipelines = remembered(() => ghl.pipelines());
  return async (now, stage) => {
    const known = await pipelines(now.getTime());
    const isThere = stage === undefined || named(known, stage);
    const all = isThere ? known : await pipelines(now.getTime(), missFreshMs);
    return { find: (wanted) => found(all, wanted) };
  };
}

const is = (wanted: string) => (one: { id: string; name: string }) =>
  one.id === wanted || one.name.trim().toLowerCase() === wanted.trim().toLowerCase();
const named = (all: readonly GhlPipeline[], stage: string) => all.some(({ stages }) => stages.some(is(stage)));

function found(
  all: readonly GhlPipeline[],
  { pipeline, stage }: { pipeline?: string | undefined; stage?: string | undefined },
) {
  const one = pipeline === undefined ? undefined : all.find(is(pipeline));
  // Without its pipeline a stage's name means a stage only where no other pipeline has one of that name.
  const holders = stage === undefined ? [] : (one ? [one] : all).filter(({ stages }) => stages.some(is(stage)));
  const [holder, ...others] = holders;
  const certain = others.length === 0 ? holder : undefined;
  const step = stage === undefined ? undefined : certain?.stages.find(is(stage));
  return {
    pipelineName: (one ?? certain)?.name ?? pipeline ?? "",
    stageId: step?.id,
    stageName: step?.name ?? stage ?? "",
  };
}
