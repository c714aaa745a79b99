import { z } from "zod";

const anchor = z.string().min(1).max(300);

/** What a call is judged by. `weight` is relative; the anchors say what 0, 3 and 5 points mean. */
export const rubricSchema = z.object({
  /** Stored with every analysis: scores of different versions do not compare. */
  version: z.string().min(1).max(60),
  criteria: z
    .array(
      z.object({
        id: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/),
        name: z.string().min(1).max(80),
        weight: z.number().positive().max(10),
        anchors: z.object({ poor: anchor, fair: anchor, excellent: anchor }),
      }),
    )
    .min(1)
    .max(15)
    .refine(
      (criteria) => new Set(criteria.map(({ id }) => id)).size === criteria.length,
      "criterion ids must be unique",
    ),
});
export type Rubric = z.infer<typeof rubricSchema>;

/** Fits sales and service calls of any trade. */
export const defaultRubric: Rubric = {
  version: "default@1",
  criteria: [
    {
      id: "greeting",
      name: "Greeting and introduction",
      weight: 1,
      anchors: {
        poor: "No greeting, or the customer does not learn who is speaking.",
        fair: "Greets and names the company or themselves.",
        excellent: "Greets warmly, names company and themselves, and says or asks what the call is about.",
      },
    },
    {
      id: "needs",
      name: "Understanding the need",
      weight: 2,
      anchors: {
        poor: "Assumes the need, interrupts, or answers another question.",
        fair: "Asks enough to act, without confirming.",
        excellent: "Asks open questions, lets the customer finish, and repeats the need in own words.",
      },
    },
    {
      id: "empathy",
      name: "Empathy and tone",
      weight: 1,
      anchors: {
        poor: "Cold, impatient or dismissive.",
        fair: "Polite throughout.",
        excellent: "Names what the matter means to the customer and stays calm and friendly under pressure.",
      },
    },
    {
      id: "solution",
      name: "Solution and objections",
      weight: 2,
      anchors: {
        poor: "No usable answer, or an objection is ignored.",
        fair: "A fitting answer; objections are answered in general terms.",
        excellent: "A fitting answer with its benefit for this customer; each objection is explored and answered.",
      },
    },
    {
      id: "next_step",
      name: "Next step",
      weight: 2,
      anchors: {
        poor: "Nobody knows what happens next.",
        fair: "A next step is named without owner or time.",
        excellent: "What happens next, who does it and when is agreed with the customer.",
      },
    },
    {
      id: "closing",
      name: "Closing",
      weight: 1,
      anchors: {
        poor: "Breaks off or hangs up on the customer.",
        fair: "Says goodbye.",
        excellent: "Sums up what was agreed, asks whether anything is open, thanks and says goodbye.",
      },
    },
  ],
};
