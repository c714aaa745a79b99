import { z } from "zod";
import { id, instant, nothingPersonal, side } from "./fields.ts";

const count = z.number().int().nonnegative();

/** What became of the contacts of an import, each counted once. */
const tally = z.object({
  found: count,
  /** Linked before the import was asked for. */
  linkedBefore: count,
  /** With a counterpart that was there. */
  linked: count,
  /** Whose counterpart was made. */
  created: count,
  /** Left to a person. */
  ambiguous: count,
  /** Without a number that can be one: nobody can be found by it, and nobody is made. */
  withoutNumber: count,
  /** By what was said why. */
  refused: z.record(z.string(), count),
});
export type ImportTally = z.output<typeof tally>;

/** Contacts brought over in bulk, and the sweeps that find what no webhook reported. An import is named by its request's key. */
export const syncEvents = {
  /** Find or make a counterpart for every contact of one side. */
  "sync.import_requested": {
    data: z.object({
      from: side,
      /** Only count. */
      dryRun: z.boolean(),
      /** Contacts under way at the same time. */
      atOnce: z.number().int().positive(),
    }),
    personal: nothingPersonal,
  },
  /** Both sides' lists were read: what will come of it, by the numbers that the lists show, and how long it takes. */
  "sync.import_planned": {
    data: z.object({
      import: id,
      expected: tally,
      /** Requests to each vendor. */
      requests: z.object({ cloudtalk: count, ghl: count }),
      seconds: count,
      /**
       * A list shows one number of a contact. `open`: every contact that nobody opened yet is opened once, so that all
       * numbers are known. `search`: cheaper here is to look up each number that no list shows.
       */
      hidden: z.enum(["open", "search"]),
    }),
    personal: nothingPersonal,
  },
  /** Everything up to `cursor` is done; the tally counts from the beginning. */
  "sync.import_progressed": {
    data: z.object({
      import: id,
      page: count,
      cursor: z.union([z.number(), z.string(), z.array(z.union([z.string(), z.number()]))]),
      tally,
    }),
    personal: nothingPersonal,
  },
  "sync.import_finished": { data: z.object({ import: id, tally }), personal: nothingPersonal },
  /** The fact that all sweeps of an account hang on. */
  "sync.sweeps_begun": { data: z.object({}), personal: nothingPersonal },
  /** One look at both sides for changes that no webhook reported. */
  "sync.swept": {
    data: z.object({
      /** GHL: everything changed up to here was looked at. */
      changedUntil: instant,
      /** CloudTalk's contacts in its list, and the highest id of them: what is above it next time is new. */
      contacts: count,
      highestId: count,
      /** Contacts that are crawled, because nothing tells when they change, and how long once around takes. */
      crawled: count,
      crawlSeconds: count,
      /** Hints by what brought them. */
      hints: z.object({ changed: count, added: count, vanished: count, tags: count }),
    }),
    personal: nothingPersonal,
  },
};
