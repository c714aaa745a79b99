import { type Call, foldCall, type GhlContactId, type Intent } from "@callbridge/events";
import type { Ghl, GhlOpportunity, GhlPipeline } from "@callbridge/ghl";
import type { CallRule, Context, Handler } from "@callbridge/service";

export type CallRulesDeps = {
  ghl: Pick<Ghl, "opportunitiesOf" | "pipelines">;
  rules: readonly CallRule[];
};

const hourMs = 3_600_000;

/**
 * What a call means for the sale: rules of the configuration move the contact's opportunity, start a workflow or make a task.
 * Each call is treated once by each rule, whichever fact comes last; a rule that asks for the analysis waits for it.
 */
export function callRulesHandler({ ghl, rules }: CallRulesDeps): Handler<Call> {
  return {
    name: "call-rules",
    on: rules.length > 0 ? ["call.identified", "call.matched", "call.analysed"] : [],
    fold: foldCall,
    decide: async (_event, call, context) => {
      if (!call.identified || !call.contact || "unmatched" in call.contact || call.erased) return {};
      const { ghlContactId } = call.contact;
      const due = rules.filter((rule) => fits(rule, call) && !isFollowed(rule, call));
      const intend: Intent[] = [];
      for (const rule of due) intend.push(...(await intents(rule, call, ghlContactId, context)));
      return { intend };
    },
  };

  async function intents(rule: CallRule, call: Call, contactId: GhlContactId, context: Context): Promise<Intent[]> {
    const { pipeline, stage, status, workflow, task } = rule.do;
    const effectOf = (what: string) => `${ruleEffect(rule)}${what}:${call.stream}`;
    const all: Intent[] = [];
    if (stage !== undefined || status !== undefined) {
      const meant = await openOnes(contactId, pipeline, context);
      const opportunityIds = meant.map(({ id }) => id);
      const [id, ...others] = opportunityIds;
      const write = (aspect: string, input: object): Intent => ({
        kind: "ghl.opportunity",
        effect: effectOf(`opportunity-${aspect}`),
        target: `ghl-opportunity-${aspect}:${others.length > 0 || id === undefined ? contactId : id}`,
        // The time of the call orders the writes of several calls: an older one never undoes what a newer one said.
        revision: new Date(call.endedAt ?? call.startedAt ?? call.firstAt ?? 0).getTime(),
        input: { opportunityIds, ...input },
      });
      if (stage !== undefined) all.push(write("stage", { stage }));
      if (status !== undefined) all.push(write("status", { status }));
    }
    if (workflow !== undefined) {
      const target = `ghl-workflow:${contactId}:${workflow}`;
      const input = { contactId, workflowId: workflow };
      all.push({ kind: "ghl.workflow", effect: effectOf("workflow"), target, revision: 0, input });
    }
    if (task !== undefined) {
      const since = new Date(call.endedAt ?? call.overAt ?? context.now).getTime();
      const dueAt = new Date(since + task.dueInHours * hourMs).toISOString();
      const input = { contactId, title: task.title, body: taskBody(call), dueAt, assignedTo: task.assignedTo };
      all.push({ kind: "ghl.task", effect: effectOf("task"), target: effectOf("task"), revision: 0, input });
    }
    return all;
  }

  async function openOnes(contactId: GhlContactId, pipeline: string | undefined, { once }: Context) {
    const all = await once(`opportunities:${contactId}`, () => ghl.opportunitiesOf(contactId));
    const open = all.filter(({ status }) => status === "open");
    if (pipeline === undefined) return open;
    const known = await once("pipelines", () => ghl.pipelines());
    return open.filter((one) => isIn(one, pipeline, known));
  }
}

const ruleEffect = ({ name }: CallRule) => `call-rule:${name}:`;

function isFollowed(rule: CallRule, { effects }: Call): boolean {
  return [...effects.keys()].some((effect) => effect.startsWith(ruleEffect(rule)));
}

/** A condition that nothing is known about does not fit: unknown is not "no". */
function fits({ when }: CallRule, call: Call): boolean {
  const analysis = call.analysis && "callType" in call.analysis ? call.analysis : undefined;
  const is = (wanted: readonly string[] | undefined, value: string | undefined) =>
    wanted === undefined || wanted.some((one) => value !== undefined && one.toLowerCase() === value.toLowerCase());
  return (
    is(when.outcome, call.outcome) &&
    is(when.direction, call.direction) &&
    is(when.callType, analysis?.callType) &&
    is(when.result, analysis?.outcome) &&
    is(when.sentiment, analysis?.sentiment)
  );
}

function isIn({ pipelineId }: GhlOpportunity, pipeline: string, known: readonly GhlPipeline[]): boolean {
  const name = pipeline.trim().toLowerCase();
  return known.some((one) => one.id === pipelineId && (one.id === pipeline || one.name.trim().toLowerCase() === name));
}

function taskBody({ direction, outcome, callId }: Call): string {
  const kind = [direction, outcome === "unknown" ? undefined : outcome, "call"].filter(Boolean).join(" ");
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${callId ? ` · CloudTalk call ${callId}` : ""}`;
}
