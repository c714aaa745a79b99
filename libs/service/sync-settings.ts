import { z } from "zod";

/*
 * How contacts are kept in step: which field of one side is which of the other, who wins when both were changed, and what
 * may be written at all. Every value has a default.
 */

/** The fields of a GHL contact that have a place of their own; any other is `custom:` and the field's key or name. */
const ghlField = z.union([
  z.enum(["name", "companyName", "address1", "city", "state", "postalCode", "country", "website"]),
  z.string().regex(/^custom:.+/, "must be a field of GHL's contact, or custom:<key or name of a custom field>"),
]);
/** The fields of a CloudTalk contact; any other is `attribute:` and the attribute's title. */
const cloudtalkField = z.union([
  z.enum(["name", "company", "title", "industry", "website", "address", "city", "zip", "state"]),
  z.string().regex(/^attribute:.+/, "must be a field of CloudTalk's contact, or attribute:<title of an attribute>"),
]);
const side = z.enum(["ghl", "cloudtalk"]);
const direction = z.enum(["both", "to-ghl", "to-cloudtalk"]);

const fieldRule = z
  .strictObject({
    ghl: ghlField,
    cloudtalk: cloudtalkField,
    /** Whose value stands when both sides were changed, or when nothing is known of what they agreed on. */
    owner: side.default("ghl"),
    /**
     * `overwrite`: what was changed last on one side goes to the other. `fill-if-empty`: only an empty field is written.
     * `append`: what the other side's text lacks is added to it, and nothing is ever taken out.
     */
    mode: z.enum(["overwrite", "fill-if-empty", "append"]).default("overwrite"),
    direction: direction.default("both"),
  })
  .refine(
    ({ ghl, direction: way }) => ghl !== "companyName" || way === "to-cloudtalk",
    "GoHighLevel takes no company name in a change of a contact: its direction must be to-cloudtalk",
  );
export type FieldRule = z.output<typeof fieldRule>;

const toCloudtalk = { owner: "ghl", mode: "overwrite", direction: "to-cloudtalk" } as const;
const bothWays = { owner: "ghl", mode: "overwrite", direction: "both" } as const;
const fieldsByDefault: FieldRule[] = [
  { ghl: "name", cloudtalk: "name", ...bothWays },
  { ghl: "companyName", cloudtalk: "company", ...toCloudtalk },
  { ghl: "address1", cloudtalk: "address", ...bothWays },
  { ghl: "city", cloudtalk: "city", ...bothWays },
  { ghl: "state", cloudtalk: "state", ...bothWays },
  { ghl: "postalCode", cloudtalk: "zip", ...bothWays },
  { ghl: "website", cloudtalk: "website", ...bothWays },
];

export const syncSettings = z
  .strictObject({
    /** Hints about one contact are answered together once nothing more came for this long. */
    coalesceMs: z.number().int().nonnegative().default(3_000),
    /** … but no later than this after the first of them. */
    coalesceMaxMs: z.number().int().nonnegative().default(15_000),
    /** On which side a contact is made when it has no counterpart there. */
    create: z.strictObject({ ghl: z.boolean().default(true), cloudtalk: z.boolean().default(true) }).prefault({}),
    /** Whether a contact that was deleted on one side is deleted on the other. */
    deletions: z.boolean().default(false),
    fields: z
      .array(fieldRule)
      .default(fieldsByDefault)
      .refine(
        (rules) => new Set(rules.map(({ cloudtalk }) => cloudtalk)).size === rules.length,
        "one CloudTalk field stands in two rules",
      )
      .refine(
        (rules) => new Set(rules.map(({ ghl }) => ghl)).size === rules.length,
        "one GHL field stands in two rules",
      ),
    phones: z.strictObject({ direction: direction.default("both") }).prefault({}),
    emails: z.strictObject({ direction: direction.default("both") }).prefault({}),
    tags: z
      .strictObject({
        direction: direction.default("both"),
        /** CloudTalk's name of a tag → GHL's, where they differ. */
        names: z.record(z.string().min(1), z.string().min(1)).default({}),
        /** Tags, or beginnings of tags when they end with *, that neither side is told of. */
        ignore: z.array(z.string().min(1)).default([]),
      })
      .prefault({}),
    /** Looking for what no webhook reported. */
    sweep: z
      .strictObject({
        /** 0: never. */
        everyMs: z.number().int().nonnegative().default(900_000),
        /** GHL's search index shows changes late; each sweep looks this far behind the one before. */
        overlapMs: z.number().int().nonnegative().default(60_000),
        /** CloudTalk does not say what changed: its contacts are opened one after the other, this many in a minute. */
        crawlPerMinute: z.number().int().min(0).max(10).default(10),
        /** Tags whose members are listed in one sweep, an operation for a thousand members each. */
        tagsAtOnce: z.number().int().nonnegative().default(10),
      })
      .prefault({}),
  })
  .prefault({});

export type SyncSettings = z.output<typeof syncSettings>;
