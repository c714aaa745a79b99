import { type Call, foldCall } from "@callbridge/events";
import type { CallHistory, Delivery } from "../history.ts";
import { type Conclusion, conclude } from "./conclusion.ts";
import { type FactLine, factLines } from "./facts.ts";
import { type WaitingLine, waitingLines } from "./waiting.ts";
import { duration, joined, moment, phone } from "./words.ts";
import { type Write, writesOf } from "./writes.ts";

export type WebhookLine = { at: string; webhook: string; verdict: string; because: string | undefined };

/** A call explained: the same as data (`--json`) and, by `renderExplanation`, as text. Times are UTC. */
export type Explanation = {
  account: string;
  subject: string;
  title: string;
  summary: string;
  webhooks: WebhookLine[];
  facts: FactLine[];
  writes: Write[];
  conclusion: Conclusion;
  waiting: WaitingLine[];
};

export type ExplainOptions = {
  now: Date;
  /** Show numbers and names in the clear. */
  personal: boolean;
};

/** Why a call is, or is not, in the CRM. Pure: every sentence is a function of the history and the time. */
export function explainCall(history: CallHistory, { now, personal }: ExplainOptions): Explanation {
  const { account, subject, events, deliveries, waiting } = history;
  const call = foldCall(events);
  const writes = writesOf(events);
  return {
    account,
    subject,
    title: titleOf(call, subject),
    summary: summaryOf(call, personal),
    webhooks: webhookLines(deliveries),
    facts: factLines(events, personal),
    writes,
    conclusion: conclude({ call, writes, history, now }),
    waiting: waitingLines(waiting),
  };
}

function titleOf({ callId, callUuid }: Call, subject: string): string {
  if (callId && callUuid) return `Call ${callId} (${callUuid})`;
  return `Call ${callId ?? callUuid ?? subject}`;
}

function summaryOf(call: Call, personal: boolean): string {
  const when = call.startedAt ?? call.answeredAt ?? call.endedAt ?? call.firstAt;
  return joined(
    [
      call.direction ?? "direction not known",
      call.outcome && call.outcome !== "unknown" ? call.outcome : "not known whether it was answered",
      call.talkingSeconds !== undefined && `talked ${duration(call.talkingSeconds)}`,
      when && `${moment(when)} UTC`,
      call.withheld ? "number withheld" : call.externalPhone && phone(call.externalPhone, personal),
      personal && call.agentName ? `agent ${call.agentName}` : call.agentId && `agent ${call.agentId}`,
      call.erased && "its personal data was erased",
    ],
    " · ",
  );
}

export function webhookLines(deliveries: readonly Delivery[]): WebhookLine[] {
  return deliveries.map(({ source, endpoint, receivedAt, verdict, because }) => ({
    at: receivedAt.toISOString(),
    webhook: `${source} ${endpoint}`,
    verdict,
    because: because ?? undefined,
  }));
}
