import type { EventLog } from "@callbridge/event-log";
import {
  type CloudTalkContactId,
  type GhlContactId,
  type Intent,
  isEvent,
  type LogEvent,
  type LogEventOf,
  linksIn,
  stream,
} from "@callbridge/events";
import type { Ghl } from "@callbridge/ghl";
import type { Context, Handler, MappingSettings, OpportunityRule } from "@callbridge/service";
import { type Pipelines, pipelinesOf } from "./pipelines.ts";

type Change = LogEventOf<"opportunity.stage_changed"> | LogEventOf<"opportunity.status_changed">;

export type OpportunityDeps = {
  ghl: Pick<Ghl, "opportunity" | "pipelines" | "contactPage">;
  log: Pick<EventLog, "stream">;
  settings: MappingSettings["opportunities"]["fromGhl"];
};

/** A contact that is new is linked within seconds; one that has no counterpart by the last look is left in peace. */
const lookAgainMs = [5_000, 30_000, 300_000, 3_600_000];

/** A change this old is decided on: no look is left, and whoever was at it at the same time is done. */
const decidedMs = 3_600_000 + 60_000;

/** What an opportunity became: names for people and rules, and the id or name that two reports are compared by. */
type Value = { aspect: "stage" | "status"; identity: string; pipeline: string; stage: string; status: string };

/** Changes of the CRM's opportunities, shown on the linked contact in CloudTalk as the rules want it. Each change once, in order. */
export function opportunityChangesHandler({ ghl, log, settings }: OpportunityDeps): Handler<Change[]> {
  const acts = settings.rules.length > 0 || settings.otherwise !== "nothing";
  const pipelines = pipelinesOf(ghl);
  return {
    name: "opportunity-changes",
    on: acts ? ["opportunity.stage_changed", "opportunity.status_changed"] : [],
    fold: (events) => events.filter(isChange),
    decide: async (event, changes, context) => {
      if (!isChange(event)) return {};
      // What came before may be decided on at the same time elsewhere, or may still wait for the counterpart: whoever is first
      // intends both, in their order.
      const since = new Date(event.recordedAt).getTime() - decidedMs;
      const isOpen = (one: Change) => one.position <= event.position && new Date(one.recordedAt).getTime() >= since;
      const intend: Intent[] = [];
      for (const change of changes.filter(isOpen)) {
        const wanted = await writesFor(change, changes, context);
        if (wanted !== "no-counterpart") intend.push(...wanted);
        else if (change.id === event.id) return { intend, wake: nextLook(event, context) };
      }
      return { intend };
    },
  };

  async function writesFor(
    change: Change,
    changes: readonly Change[],
    context: Context,
  ): Promise<Intent[] | "no-counterpart"> {
    if (change.erased) return [];
    const known = await pipelines(context.now, change.data.stageId ?? change.data.stageName);
    if (isToldTwice(change, changes, known)) return [];
    const current = await readIfNeeded(change, context);
    const value = changedTo(change, known, current);
    const contactId = change.data.ghlContactId ?? current?.contactId;
    if (!value || !contactId) return [];
    const counterpart = await counterpartOf(contactId, change.account);
    if (!counterpart) return "no-counterpart";
    const fitting = settings.rules.filter((rule) => fits(rule, value));
    const actions: OpportunityRule["do"][] = fitting.map((rule) => rule.do);
    if (fitting.length === 0 && settings.otherwise === "activity") actions.push({ activity: titles[value.aspect] });
    const url = ghl.contactPage(contactId);
    return actions.flatMap((action, index) => intents(action, { event: change, value, counterpart, url, index }));
  }

  /** A report that lacks the new value or the contact makes us read the opportunity; the others cost no request. */
  async function readIfNeeded({ data, type }: Change, { once }: Context) {
    const lacksValue = type.endsWith("stage_changed") ? !(data.stageId ?? data.stageName) : !data.status;
    const { opportunityId } = data;
    if (!opportunityId || (!lacksValue && data.ghlContactId)) return undefined;
    return await once(`opportunity:${opportunityId}`, () => ghl.opportunity(opportunityId));
  }

  async function counterpartOf(id: GhlContactId, account: string): Promise<CloudTalkContactId | undefined> {
    const { events } = await log.stream(account, stream.ghlContact(id));
    return linksIn(events).find(({ ghlContactId }) => ghlContactId === id)?.cloudtalkContactId;
  }
}

const isChange = (event: LogEvent): event is Change =>
  isEvent(event, "opportunity.stage_changed") || isEvent(event, "opportunity.status_changed");

const titles = { stage: "Stage: {stage}", status: "Opportunity {status}" };

function changedTo(
  { type, data }: Change,
  pipelines: Pipelines,
  current?: Awaited<ReturnType<Ghl["opportunity"]>>,
): Value | undefined {
  const aspect = type === "opportunity.stage_changed" ? "stage" : "status";
  const stage = data.stageId ?? data.stageName ?? current?.stageId;
  const found = pipelines.find({ pipeline: data.pipelineId ?? data.pipelineName ?? current?.pipelineId, stage });
  const status = data.status ?? current?.status ?? "";
  const identity = aspect === "stage" ? (found.stageId ?? stage?.toLowerCase()) : status;
  if (!identity) return undefined;
  return { aspect, identity, pipeline: found.pipelineName, stage: found.stageName, status };
}

/**
 * The Marketplace app names stages by id, workflows by name: two channels that may both tell of one change, in any order.
 * The first time that one channel tells of a stage is the first time that the other does, and so on, so a change
 * is new only if this channel has told of its stage more often than the other one has until now.
 */
function isToldTwice(event: Change, changes: readonly Change[], pipelines: Pipelines): boolean {
  const own = changedTo(event, pipelines);
  if (!own || event.type !== "opportunity.stage_changed") return false;
  const byId = event.data.stageId !== undefined;
  const same = changes.filter(
    (one) =>
      one.type === event.type && one.position <= event.position && changedTo(one, pipelines)?.identity === own.identity,
  );
  const mine = same.filter(({ data }) => (data.stageId !== undefined) === byId).length;
  return mine <= same.length - mine;
}

function fits({ when }: OpportunityRule, value: Value): boolean {
  const is = (wanted: string, name: string) => wanted.toLowerCase() === name.toLowerCase();
  if (when.pipeline && !is(when.pipeline, value.pipeline)) return false;
  if (when.stage) return value.aspect === "stage" && when.stage.some((one) => is(one, value.stage));
  return value.aspect === "status" && (when.status ?? []).some((one) => one === value.status);
}

type Applied = { event: Change; value: Value; counterpart: CloudTalkContactId; url: string; index: number };

function intents(action: OpportunityRule["do"], { event, value, counterpart, url, index }: Applied): Intent[] {
  const filled = (text: string) =>
    text.replace(/\{(stage|pipeline|status)\}/g, (_, name: "stage" | "pipeline" | "status") => value[name]).trim();
  const name = `opportunity-change:${event.position}:${index}`;
  const { addTags = [], removeTags = [], attribute, activity } = action;
  const contactId = counterpart;
  const all: Intent[] = [];
  if (addTags.length + removeTags.length > 0) {
    // Tags are written, and compared, by the names that GHL gives them.
    const input = { contactId, add: addTags, remove: removeTags.map((tag) => tag.toLowerCase()) };
    const target = `cloudtalk-tags:${contactId}`;
    all.push({ kind: "cloudtalk.tags", effect: `${name}:tags`, target, revision: 0, input });
  }
  if (attribute) {
    const input = { contactId, name: attribute.name, value: filled(attribute.value) };
    // The target of every other change of the contact: an edit replaces all attributes, so no two may overlap.
    const target = `cloudtalk-contact-update:${contactId}`;
    all.push({ kind: "cloudtalk.attribute", effect: `${name}:attribute`, target, revision: 0, input });
  }
  if (activity) {
    const description = [value.pipeline, value.aspect === "stage" ? value.status : value.stage].filter(Boolean);
    const input = { contactId, name: filled(activity), description: description.join(" · "), url, at: event.time };
    const target = `cloudtalk-activity:${event.stream}`;
    all.push({ kind: "cloudtalk.activity", effect: `${name}:activity`, target, revision: 0, input });
  }
  return all;
}

function nextLook({ recordedAt, position }: Change, { now }: Context) {
  const since = new Date(recordedAt).getTime();
  const next = lookAgainMs.find((ms) => ms > now.getTime() - since);
  return next === undefined ? [] : [{ key: `opportunity-change:${position}`, at: new Date(since + next) }];
}
