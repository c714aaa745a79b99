import type { Delivery } from "../history.ts";
import { type WebhookLine, webhookLines } from "./explain-call.ts";
import { moment } from "./words.ts";

export type UnknownExplanation = { sentences: string[]; lastWebhooks: WebhookLine[] };

/** What to check when no call is known by what somebody asked for. `last`: the webhooks received last. Pure. */
export function explainUnknown(query: string, last: readonly Delivery[]): UnknownExplanation {
  const cloudtalk = last.filter(({ source }) => source === "cloudtalk");
  const parked = cloudtalk.filter(({ verdict }) => verdict === "parked");
  const [newest] = cloudtalk;
  return {
    sentences: [
      `Nothing is known of ${query}.`,
      newest
        ? `CloudTalk's webhooks arrive: the last one, ${newest.endpoint}, came at ${moment(newest.receivedAt)} UTC (${newest.verdict}). Is the call-ended webhook pointed here for this call's number and team too?`
        : "No webhook of CloudTalk is among the last ones received: point call-ended and call-recording-ready at /api/cloudtalk-webhooks/… of this installation.",
      ...(parked.length > 0
        ? [
            `${parked.length} of them could not be understood and ${parked.length === 1 ? "is" : "are"} kept as parked; one may be of this call: ${parked[0]?.because ?? "no reason was given"}.`,
          ]
        : []),
      'A webhook with a wrong secret is refused with 401 and leaves nothing here: look for "webhook refused" in the log of ingress.',
      "A number needs its country's code (+39…); an id is the number that CloudTalk shows for the call, or its uuid.",
    ],
    lastWebhooks: webhookLines(last),
  };
}
