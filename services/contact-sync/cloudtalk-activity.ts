import type { CloudTalk } from "@callbridge/cloudtalk";
import { cloudtalkContactId } from "@callbridge/events";
import { type EffectContext, type EffectDefinition, noteMark } from "@callbridge/service";
import { z } from "zod";

const input = z.object({
  contactId: cloudtalkContactId,
  name: z.string(),
  description: z.string(),
  url: z.string().optional(),
  at: z.iso.datetime({ offset: true }),
});
type Input = z.output<typeof input>;

/** Shown as the activity's author. */
const author = "GoHighLevel";

/** Each activity has a mark of its own: those of one opportunity share a target only to be written in order. */
const markOf = ({ hash, effect }: EffectContext) => noteMark({ hash, target: effect });

/** An entry in a contact's timeline in CloudTalk, written once and found again by its mark. */
export function cloudtalkActivityEffect(
  cloudtalk: Pick<CloudTalk, "activities" | "addActivity">,
  host: string,
): EffectDefinition<Input> {
  return {
    kind: "cloudtalk.activity",
    input,
    host,
    perform: async ({ contactId, name, description, url, at }, context) => {
      const marked = `${description} ${markOf(context)}`.trim();
      const activity = { name, description: marked, author, url, at: new Date(at) };
      return { vendorId: (await cloudtalk.addActivity(contactId, activity)).id };
    },
    readBack: async ({ contactId }, context) => {
      const mark = markOf(context);
      const found = (await cloudtalk.activities(contactId)).find(({ description }) => description?.includes(mark));
      return found && { vendorId: found.id };
    },
  };
}
