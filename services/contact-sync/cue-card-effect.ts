import type { CloudTalk } from "@callbridge/cloudtalk";
import type { CloudTalkCallUuid } from "@callbridge/events";
import type { EffectDefinition, Performed } from "@callbridge/service";
import { VendorError } from "@callbridge/vendor";
import { z } from "zod";

const input = z.object({
  callUuid: z.string().transform((id) => id as CloudTalkCallUuid),
  title: z.string(),
  subtitle: z.string().optional(),
  fields: z.array(z.object({ name: z.string(), value: z.string() })),
  /** After this it only distracts. */
  notAfter: z.iso.datetime({ offset: true }),
});
type Input = z.output<typeof input>;

/** CloudTalk's answer for a call that is not, or no longer, talked (facts/cloudtalk.md §1.12). */
const noActiveCall = 424;

/** Shows an agent who is calling. Nothing can be read back, so a lost answer is never sent again. */
export function cueCardEffect(cloudtalk: Pick<CloudTalk, "showCueCard">, host: string): EffectDefinition<Input> {
  return {
    kind: "cloudtalk.cue_card",
    input,
    host,
    perform: async ({ callUuid, notAfter, ...card }, { now }): Promise<Performed> => {
      if (now.getTime() > new Date(notAfter).getTime()) return { skip: "it would have come too late" };
      try {
        await cloudtalk.showCueCard(callUuid, card);
        return {};
      } catch (error) {
        if (error instanceof VendorError && error.status === noActiveCall) return { skip: "the call is over" };
        throw error;
      }
    },
  };
}
