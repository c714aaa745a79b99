import { callDirection, callOutcome, ghlContactId } from "@callbridge/events";
import type { Ghl, GhlCallStatus } from "@callbridge/ghl";
import type { EffectDefinition } from "@callbridge/service";
import { z } from "zod";

/** How a call gets into the contact's conversation history; GHL takes it only through an app or a workflow. */
export type CallLogStrategy =
  | { kind: "provider"; conversationProviderId: string }
  | { kind: "inbound-webhook"; url: string }
  | { kind: "note-only" };

const input = z.object({
  contactId: ghlContactId,
  direction: callDirection.exclude(["internal"]),
  outcome: callOutcome.exclude(["unknown"]),
  at: z.string(),
  externalPhone: z.string(),
  internalPhone: z.string().optional(),
  talkingSeconds: z.number().optional(),
  recordingLink: z.string().optional(),
});
type Input = z.output<typeof input>;

/** The contact's number is `from` of an inbound and `to` of an outbound call (facts/ghl.md §0 item 13). */
function numbers({ direction, externalPhone, internalPhone }: Input) {
  const own = internalPhone ?? "";
  return direction === "inbound" ? { from: externalPhone, to: own } : { from: own, to: externalPhone };
}

const inboundStatus = { answered: "completed", missed: "no-answer", voicemail: "voicemail" } as const;
const statusOf = ({ outcome }: Input): GhlCallStatus => inboundStatus[outcome];

/** Undefined: calls are only noted. */
export function callLogEffect(
  ghl: Pick<Ghl, "logCall" | "callMessages" | "postInboundWebhook">,
  host: string,
  strategy: CallLogStrategy,
): EffectDefinition<Input> | undefined {
  if (strategy.kind === "note-only") return undefined;
  if (strategy.kind === "inbound-webhook") {
    return {
      kind: "ghl.call_log",
      input,
      host: new URL(strategy.url).host,
      // No id comes back and nothing can be read: an answer that got lost ends as "unknown".
      perform: async (call, { effect, hash }) => {
        await ghl.postInboundWebhook(strategy.url, {
          event: "call_logged",
          reference: hash(effect).slice(0, 16),
          contact_id: call.contactId,
          phone: call.externalPhone,
          direction: call.direction,
          status: statusOf(call),
          date: call.at,
          ...numbers(call),
          ...(call.talkingSeconds !== undefined && { duration_seconds: call.talkingSeconds }),
          ...(call.recordingLink && { recording: call.recordingLink }),
        });
        return {};
      },
    };
  }
  return {
    kind: "ghl.call_log",
    input,
    host,
    perform: async (call, { effect, hash }) => {
      const { messageId } = await ghl.logCall({
        contactId: call.contactId,
        conversationProviderId: strategy.conversationProviderId,
        direction: call.direction,
        date: call.at,
        altId: altIdOf(hash(effect)),
        ...numbers(call),
        status: statusOf(call),
        ...(call.recordingLink && { attachments: [call.recordingLink] }),
      });
      return { vendorId: messageId };
    },
    readBack: async (call, { effect, hash }) => {
      const messages = await ghl.callMessages(call.contactId);
      const found = messages.find(({ altId }) => altId === altIdOf(hash(effect)));
      return found && { vendorId: found.messageId };
    },
  };
}

const altIdOf = (hash: string) => `callbridge-${hash.slice(0, 16)}`;
