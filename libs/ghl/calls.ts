import type { GhlContactId } from "@callbridge/events";
import { VendorError } from "@callbridge/vendor";
import { z } from "zod";
import type { GhlApi } from "./api.ts";

export type GhlCallStatus =
  | "pending"
  | "completed"
  | "answered"
  | "busy"
  | "no-answer"
  | "failed"
  | "canceled"
  | "voicemail";

export type GhlCallLog = {
  contactId: GhlContactId;
  /** Of a Marketplace app's conversation provider of type "Call". */
  conversationProviderId: string;
  direction: "inbound" | "outbound";
  /** ISO 8601. */
  date: string;
  /** Our name of the call: what `callMessages` finds it by. */
  altId: string;
  /** E.164. The contact's number is `from` of an inbound and `to` of an outbound call. */
  from: string;
  to: string;
  status: GhlCallStatus;
  /** Links to the recording, at most five. */
  attachments?: string[] | undefined;
};

export type GhlCallMessage = {
  messageId: string;
  altId?: string | undefined;
  direction?: string | undefined;
  dateAdded?: string | undefined;
  status?: string | undefined;
};

const messagesPerPage = 100;
/** A call that was just logged is on the first page; older ones than these are none of our business. */
const pagesMax = 5;

const id = z.string().min(1);
const text = z.string().nullish().catch(undefined);
const conversations = z.looseObject({ conversations: z.array(z.looseObject({ id, contactId: text })) });
const created = z.looseObject({ conversation: z.looseObject({ id }) });
/** A wrong provider has been answered by 201 with an empty body (issue 70): no message id is no success. */
const logged = z.looseObject({ messageId: id });
const message = z.looseObject({
  id,
  messageType: text,
  altId: text,
  direction: text,
  dateAdded: text,
  status: text,
  meta: z
    .looseObject({ call: z.looseObject({ status: text }).nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
});
const page = z.looseObject({ messages: z.array(message), nextPage: z.boolean().nullish(), lastMessageId: text });
/** The contract says flat, real answers are nested (issue 54). */
const messages = z.union([z.looseObject({ messages: page }).transform((answer) => answer.messages), page]);

export function callsOf({ request, post: postAnonymously, locationId }: GhlApi) {
  const api = "conversations";

  async function conversationsOf(contactId: GhlContactId): Promise<string[]> {
    const query = { locationId, contactId };
    const path = "/conversations/search";
    const operation = "conversations.search";
    const found = await request({ api, operation, method: "GET", path, query, answer: conversations });
    // Never somebody else's, should the filter be ignored.
    return found.conversations.filter((item) => (item.contactId ?? contactId) === contactId).map((item) => item.id);
  }

  async function conversationOf(contactId: GhlContactId): Promise<string> {
    const [known] = await conversationsOf(contactId);
    if (known !== undefined) return known;
    const operation = "conversations.create";
    try {
      const json = { locationId, contactId };
      const answer = await request({
        api,
        operation,
        method: "POST",
        path: "/conversations/",
        json,
        answer: created,
      });
      return answer.conversation.id;
    } catch (error) {
      if (!(error instanceof VendorError) || !/already exists/i.test(error.message)) throw error;
      // Its search index has not caught up yet. No call was logged.
      const detail = "the conversation exists and cannot be found yet";
      throw new VendorError({ vendor: "ghl", operation, consequence: "not-applied", detail, cause: error });
    }
  }

  type Subject = { contactId?: GhlContactId; conversationId?: string };

  async function log(call: GhlCallLog, subject: Subject): Promise<{ messageId: string }> {
    const { conversationProviderId, direction, date, altId, from, to, status, attachments } = call;
    const common = {
      type: "Call",
      ...subject,
      conversationProviderId,
      altId,
      date,
      attachments,
      call: { from, to, status },
    };
    const json = direction === "inbound" ? { ...common, direction } : common;
    const path = `/conversations/messages/${direction}`;
    const answer = await request({
      api,
      operation: `messages.${direction}`,
      method: "POST",
      path,
      json,
      answer: logged,
    });
    return { messageId: answer.messageId };
  }

  return {
    /**
     * Writes a call into the contact's timeline. GHL takes no duration, agent or transcript here (issue 284). The contact
     * alone is enough for it (staff in issue 234); its documents want a conversation, so one is named when it insists.
     */
    async logCall(call: GhlCallLog): Promise<{ messageId: string }> {
      const { contactId } = call;
      try {
        return await log(call, { contactId });
      } catch (error) {
        const refused = error instanceof VendorError && error.consequence === "refused";
        if (!refused || !/conversation ?id/i.test(error.message)) throw error;
      }
      const conversationId = await conversationOf(contactId);
      return await log(call, call.direction === "inbound" ? { conversationId, contactId } : { conversationId });
    },

    /**
     * The calls in a contact's timeline, newest first, with the `altId` they were logged under (in answers since
     * 2025-06, issue 38). Filtered here: external calls are TYPE_CUSTOM_CALL, which the vendor's own filter omits.
     */
    async callMessages(contactId: GhlContactId): Promise<GhlCallMessage[]> {
      const calls: GhlCallMessage[] = [];
      for (const conversationId of await conversationsOf(contactId)) {
        const path = `/conversations/${encodeURIComponent(conversationId)}/messages`;
        let lastMessageId: string | undefined;
        for (let pages = 0; pages < pagesMax; pages += 1) {
          const query = { limit: messagesPerPage, lastMessageId };
          const answer = await request({
            api,
            operation: "messages.list",
            method: "GET",
            path,
            query,
            answer: messages,
          });
          calls.push(...answer.messages.filter(isCall).map(callMessage));
          if (!answer.nextPage || !answer.lastMessageId || answer.lastMessageId === lastMessageId) break;
          lastMessageId = answer.lastMessageId;
        }
      }
      return calls;
    },

    /** Starts a workflow with an Inbound Webhook trigger. GHL answers no id, so nothing can be read back. */
    postInboundWebhook: (url: string, json: Record<string, unknown>): Promise<void> =>
      postAnonymously("workflow.inbound-webhook", url, json),
  };
}

type Message = z.infer<typeof message>;

/** Which type an external call gets is not documented, so what carries our mark counts whatever it is called. */
function isCall({ messageType, altId }: Message): boolean {
  return /call/i.test(messageType ?? "") || Boolean(altId);
}

function callMessage({ id, altId, direction, dateAdded, status, meta }: Message): GhlCallMessage {
  return {
    messageId: id,
    altId: altId ?? undefined,
    direction: direction ?? undefined,
    dateAdded: dateAdded ?? undefined,
    status: meta?.call?.status ?? status ?? undefined,
  };
}
