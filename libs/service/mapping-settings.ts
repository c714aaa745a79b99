import { z } from "zod";

/*
 * What becomes of notes, call tags, opportunities and calls on the other side: sections of `CONFIG_FILE`, with examples in
 * docs/sync-mapping.md.
 */

const name = z.string().trim().min(1).max(200);
const one = <T extends z.ZodType>(item: T) => z.union([item.transform((value) => [value]), z.array(item).min(1)]);

const notes = z.strictObject({
  /** Notes that agents write in CloudTalk, on contacts and on calls, are copied to the contact in the CRM. */
  toGhl: z.boolean().default(true),
  /** Notes that people write in the CRM are copied to the contact in CloudTalk, as one line. */
  toCloudtalk: z.boolean().default(true),
});

const callTags = z.strictObject({
  /** What a call's tag is called as a tag of the contact, taken as it stands; `null`: it is not copied. */
  names: z.record(name, name.nullable()).default({}),
  /** Put before every other tag of a call, so that it cannot be taken for a tag of the person. */
  prefix: z.string().max(40).default("call-"),
  /** Whether tags that have no name above are copied. */
  others: z.boolean().default(true),
});

const cueCard = z.strictObject({
  /** Shows a card about the caller to the agent when the call is answered. */
  enabled: z.boolean().default(false),
  /** Custom fields of the CRM's contact that are shown where they have a value. */
  fields: z.array(name).default(["Last call time", "Last call outcome", "Last call sentiment"]),
  /** A card that comes later than this after the answer only distracts. */
  answeredWithinMs: z.number().int().positive().default(60_000),
});

const status = z.enum(["open", "won", "lost", "abandoned"]);

const fromGhlRule = z.strictObject({
  when: z
    .strictObject({ pipeline: name.optional(), stage: one(name).optional(), status: one(status).optional() })
    .refine(
      ({ stage, status }) => (stage === undefined) !== (status === undefined),
      "needs either stage or status: they change one at a time",
    ),
  do: z
    .strictObject({
      addTags: one(name).optional(),
      removeTags: one(name).optional(),
      /** By its title. CloudTalk's API cannot create one. `{stage}`, `{pipeline}` and `{status}` are filled in. */
      attribute: z.strictObject({ name, value: z.string().max(255) }).optional(),
      /** The title of an entry in the contact's timeline. `{stage}`, `{pipeline}` and `{status}` are filled in. */
      activity: name.optional(),
    })
    .refine(
      (actions) => Object.values(actions).some((value) => value !== undefined),
      "says nothing that should be done",
    ),
});

const fromCallRule = z.strictObject({
  /** Names the rule for good: each call is treated once by each name. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "must be lower-case letters, digits and hyphens"),
  when: z.strictObject({
    outcome: one(z.enum(["answered", "missed", "voicemail"])).optional(),
    direction: one(z.enum(["inbound", "outbound"])).optional(),
    /** What the analysis says; a rule that asks for one of these waits for it. */
    callType: one(name).optional(),
    result: one(name).optional(),
    sentiment: one(z.enum(["very_negative", "negative", "neutral", "positive", "very_positive"])).optional(),
  }),
  do: z
    .strictObject({
      /** Which open opportunity of the contact is meant, by the pipeline's name or id; needed if it may have several. */
      pipeline: name.optional(),
      /** Name or id of the stage that the opportunity is moved to. */
      stage: name.optional(),
      status: status.optional(),
      /** Id of a GHL workflow that the contact is added to. */
      workflow: name.optional(),
      task: z
        .strictObject({
          title: name,
          dueInHours: z.number().nonnegative().max(8_760).default(24),
          /** Id of a user of the location. */
          assignedTo: name.optional(),
        })
        .optional(),
    })
    .refine(
      ({ stage, status, workflow, task }) => [stage, status, workflow, task].some((value) => value !== undefined),
      "says nothing that should be done: stage, status, workflow or task",
    ),
});

const opportunities = z.strictObject({
  fromGhl: z
    .strictObject({
      /** Every rule that fits is followed. */
      rules: z.array(fromGhlRule).default([]),
      /** What a change does that no rule fits. An entry in the timeline takes nothing away and starts nothing. */
      otherwise: z.enum(["activity", "nothing"]).default("activity"),
    })
    .prefault({}),
  fromCalls: z
    .array(fromCallRule)
    .refine((rules) => new Set(rules.map((rule) => rule.name)).size === rules.length, "two rules have one name")
    .default([]),
});

export const mappingSections = {
  notes: notes.prefault({}),
  callTags: callTags.prefault({}),
  cueCard: cueCard.prefault({}),
  opportunities: opportunities.prefault({}),
};

export type MappingSettings = {
  [Section in keyof typeof mappingSections]: z.output<(typeof mappingSections)[Section]>;
};
export type CallRule = MappingSettings["opportunities"]["fromCalls"][number];
export type OpportunityRule = MappingSettings["opportunities"]["fromGhl"]["rules"][number];
