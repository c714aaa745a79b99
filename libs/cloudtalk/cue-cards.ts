import type { CloudTalkCallUuid } from "@callbridge/events";
import { z } from "zod";
import type { CloudTalkApi } from "./api.ts";
import { known } from "./text.ts";

export type CueCard = {
  title: string;
  subtitle?: string | undefined;
  /** Shown one below the other. */
  fields: { name: string; value: string }[];
};

export function cueCardsOf({ request, platform }: CloudTalkApi) {
  return {
    /**
     * Shows a card to the agent who talks: `POST /cuecards` on the platform host (facts/cloudtalk.md §1.12). Only while the
     * call is answered and not over, else 424. Nothing tells afterwards whether it was shown.
     */
    showCueCard: async (callUuid: CloudTalkCallUuid, { title, subtitle, fields }: CueCard): Promise<void> => {
      const content = fields.map(({ name, value }) => ({ type: "textfield", name, value }));
      const json = known({ call_uuid: callUuid, type: "blocks", title, subtitle, content });
      await request({
        operation: "cuecards.create",
        method: "POST",
        url: platform("cuecards"),
        json,
        answer: z.unknown(),
      });
    },
  };
}
