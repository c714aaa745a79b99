import { type EventKey, type GhlContactId, type Normalised, stream as streams } from "@callbridge/events";
import { nobody } from "./contact-events.ts";
import { contactStream, contentHash, personOf, type Report } from "./report.ts";
import { ghlId, line } from "./text.ts";

export type OpportunityAspect = "stage" | "status";

/** What a body says of an opportunity, in any of GHL's spellings (the standard payload misspells its stage's key). */
export function opportunityOf({ fields }: Report) {
  const text = (...aliases: string[]) => line(fields.text(...aliases));
  return {
    pipelineId: ghlId(fields, "pipelineid", "pipeline.id", "opportunity.pipelineid", "opportunity.pipeline.id"),
    pipelineName: text(
      "pipelinename",
      "pipeline.name",
      "pipeline",
      "opportunity.pipelinename",
      "opportunity.pipeline.name",
    ),
    stageId: ghlId(
      fields,
      ...["pipelinestageid", "stageid", "stage.id", "pipelinestage.id", "newstage.id"],
      ...["opportunity.pipelinestageid", "opportunity.stageid", "opportunity.stage.id"],
    ),
    stageName: text(
      ...["piplelinestage", "pippleinestage", "pipelinestage", "piplinestage", "pipelinestagename", "stagename"],
      ...["stage.name", "stage", "newstage.name", "newstage", "pipelinestage.name", "pipeline.stage.name"],
      ...["opportunity.pipelinestagename", "opportunity.stagename", "opportunity.stage.name", "opportunity.stage"],
    ),
    previousStageName: text("previousstage.name", "previousstage", "previousstagename", "oldstage.name", "oldstage"),
    status: text(
      "status",
      "status.name",
      "opportunitystatus",
      "newstatus",
      "newstatus.name",
      "opportunity.status",
    )?.toLowerCase(),
    previousStatus: text("previousstatus", "previousstatus.name", "oldstatus", "oldstatus.name")?.toLowerCase(),
  };
}

type Opportunity = ReturnType<typeof opportunityOf>;

/**
 * The opportunity's id in a workflow payload. A bare `id` is one only beside other opportunity fields, and one old
 * sample had the pipeline's id there (facts/ghl.md §5.2).
 */
export function opportunityIdOf({ fields }: Report): string | undefined {
  const named = ghlId(fields, "opportunityid", "opportunity.id");
  if (named !== undefined || !fields.text("opportunityname", "pipelineid")) return named;
  const bare = ghlId(fields, "id");
  const others = [ghlId(fields, "pipelineid"), ghlId(fields, "contactid")];
  return others.includes(bare) ? undefined : bare;
}

/**
 * Whether an opportunity trigger sent this: GHL adds these fields for such triggers only. Bare `stage`, `pipeline` and
 * `status` do not count, since a contact's custom field may be called that.
 */
export function hasOpportunity({ fields, standard }: Report): boolean {
  const nested = ["opportunity.id", "opportunity.name", "pipeline.id", "pipeline.name", "stage.id", "stage.name"];
  const ids = ["opportunityname", "opportunityid", "pipelineid", "pipelinestageid", "stageid"];
  const misspelt = ["piplelinestage", "pippleinestage", "piplinestage"];
  const typed = standard ? [] : ["pipelinestage", "pipelinestagename", "stagename", "pipelinename"];
  return fields.text(...nested, ...ids, ...misspelt, ...typed) !== undefined;
}

/** Which of the two a payload is about when its endpoint does not say. The standard payload has both: undecidable. */
export function aspectOf(report: Report): OpportunityAspect | undefined {
  const { stageId, stageName, previousStageName, status, previousStatus } = opportunityOf(report);
  if ((previousStageName === undefined) !== (previousStatus === undefined)) {
    return previousStageName === undefined ? "status" : "stage";
  }
  const stage = stageId ?? stageName;
  if ((stage === undefined) === (status === undefined)) return undefined;
  return stage === undefined ? "status" : "stage";
}

type OpportunityReport = {
  aspect: OpportunityAspect;
  opportunityId: string | undefined;
  contactId: GhlContactId | undefined;
  time: string;
};

/** How an opportunity stands now. What it was before is kept for people and decides nothing: reports arrive unordered. */
export function opportunityReported(report: Report, reported: OpportunityReport): Normalised {
  const { aspect, opportunityId, contactId, time } = reported;
  const stream = opportunityId === undefined ? contactStream(report, contactId) : streams.opportunity(opportunityId);
  if (stream === undefined) return { verdict: "parked", because: nobody };
  const opportunity = opportunityOf(report);
  const key = opportunityKey(report, opportunity, stream, aspect);
  if (key.mode === "repeat" && opportunityId === undefined) {
    const field = aspect === "stage" ? "pipelineStageId ({{opportunity.pipeline_stage_id}})" : "status";
    return { verdict: "parked", because: `It names neither the ${aspect} nor the opportunity: send ${field}.` };
  }
  return {
    verdict: "accepted",
    events: [
      {
        type: aspect === "stage" ? "opportunity.stage_changed" : "opportunity.status_changed",
        stream,
        key,
        time,
        source: "ghl",
        data: { opportunityId, ghlContactId: contactId, ...opportunity },
        personal: personOf(report, false),
      },
    ],
  };
}

/**
 * Reports by stage id (app) and by stage name (workflow) are two sequences: mixed in one, each would look like a return
 * of the other. A report that does not say the new value cannot be compared, so only its quick repeats are duplicates.
 */
function opportunityKey(
  report: Report,
  { pipelineId, pipelineName, stageId, stageName, status }: Opportunity,
  stream: string,
  aspect: OpportunityAspect,
): Extract<EventKey, { entity: string }> {
  if (aspect === "status") {
    const content = contentHash(report, { status });
    return { entity: `${stream}/status`, content, mode: status === undefined ? "repeat" : "state" };
  }
  const stage = stageId ?? stageName?.toLowerCase();
  const content = contentHash(report, { pipeline: pipelineId ?? pipelineName?.toLowerCase(), stage });
  const entity = stageId === undefined ? `${stream}/stage-name` : `${stream}/stage`;
  return { entity, content, mode: stage === undefined ? "repeat" : "state" };
}
