import { z } from "zod";
import { badRequest, missing, strict } from "./ghl-answer.ts";
import { withoutNull } from "./ghl-contact-view.ts";
import { conversationOf, openConversation } from "./ghl-conversations.ts";
import { type GhlContact, type GhlMessage, nextGhlId } from "./ghl-state.ts";
import { type Answer, ok, type Route } from "./route.ts";
import { after, iso, traceId, type World } from "./world.ts";

const call = z.strictObject({
  to: z.string().optional(),
  from: z.string().optional(),
  status: z
    .enum(["pending", "completed", "answered", "busy", "no-answer", "failed", "canceled", "voicemail"])
    .optional(),
});

const common = {
  attachments: z.array(z.string()).optional(),
  conversationId: z.string().optional(),
  contactId: z.string().optional(),
  conversationProviderId: z.string().optional(),
  altId: z.string().optional(),
  date: z.iso.datetime({ offset: true }).optional(),
  call: call.optional(),
};

/** Of the vendor's many types only calls matter here; SMS and Custom are recorded alike. */
const inboundBody = z.strictObject({
  ...common,
  type: z.enum(["SMS", "Email", "WhatsApp", "Custom", "Call"]),
  message: z.string().optional(),
  direction: z.unknown().optional(),
});

const outboundBody = z.strictObject({ ...common, type: z.literal("Call") });

type CallBody = z.infer<typeof inboundBody> | z.infer<typeof outboundBody>;

/** Call records in the timeline, and their attachments (facts/ghl.md §3.3). */
export function ghlMessageRoutes(world: World): Route[] {
  const vendor = "ghl";
  return [
    {
      vendor,
      operation: "messages.inbound",
      method: "POST",
      path: "/conversations/messages/inbound",
      handle: ({ body }) => {
        const read = strict(inboundBody, body);
        return "refusal" in read ? read.refusal : addCall(world, read.input, "inbound");
      },
    },
    {
      vendor,
      operation: "messages.outbound",
      method: "POST",
      path: "/conversations/messages/outbound",
      handle: ({ body }) => {
        const read = strict(outboundBody, body);
        return "refusal" in read ? read.refusal : addCall(world, read.input, "outbound");
      },
    },
    {
      vendor,
      operation: "messages.list",
      method: "GET",
      path: "/conversations/:conversationId/messages",
      handle: ({ params, query }) => list(world, params.conversationId ?? "", query),
    },
    {
      vendor,
      operation: "messages.get",
      method: "GET",
      path: "/conversations/messages/:messageId",
      handle: ({ params }) => show(world, params.messageId ?? ""),
    },
    {
      vendor,
      operation: "messages.attach",
      method: "PUT",
      path: "/conversations/messages/:messageId/attachments",
      handle: ({ params, body }) => attach(world, params.messageId ?? "", body),
    },
  ];
}

/** Without a provider id: 201 and nothing; with a wrong one: 500 (#70, #6). Nothing is written in either case. */
function addCall(world: World, input: CallBody, direction: "inbound" | "outbound"): Answer {
  if (input.conversationProviderId === undefined) return { status: 201 };
  if (input.conversationProviderId !== world.credentials.conversationProviderId) {
    return { status: 500, body: { statusCode: 500, message: "Internal server error" } };
  }
  const { conversations, contacts } = world.state.ghl;
  const known = conversations.get(input.conversationId ?? "");
  if (input.conversationId !== undefined && known === undefined) return badRequest("Conversation not found");
  const contactId = known?.contactId ?? input.contactId;
  if (contactId === undefined) return badRequest("conversationId or contactId is required");
  const contact = contacts.get(contactId);
  if (contact === undefined) return badRequest(`Contact with id ${contactId} not found`);
  const problem = input.type === "Call" ? wrongParty(contact, input.call, direction) : undefined;
  if (problem !== undefined) return badRequest(problem);
  const conversation = known ?? conversationOf(world, contactId) ?? openConversation(world, contactId);
  conversation.dateUpdated = world.now();
  const message: GhlMessage = {
    id: nextGhlId(world.state.ghl, "Message"),
    conversationId: conversation.id,
    contactId,
    direction,
    status: input.call?.status ?? "completed",
    from: input.call?.from ?? null,
    to: input.call?.to ?? null,
    altId: input.altId ?? null,
    body: ("message" in input ? input.message : undefined) ?? "",
    attachments: input.attachments ?? [],
    conversationProviderId: input.conversationProviderId,
    dateAdded: input.date === undefined ? world.now() : new Date(input.date),
    visibleAt: after(world.now(), world.settings.applyDelayMs),
  };
  world.state.ghl.messages.set(message.id, message);
  return ok({
    success: true,
    conversationId: conversation.id,
    messageId: message.id,
    message: `${direction === "inbound" ? "Inbound" : "Outbound"} message added successfully`,
    contactId,
    dateAdded: iso(message.dateAdded),
    traceId: traceId(),
  });
}

/** Inbound, `from` must be the contact's phone; outbound, `to` (facts/ghl.md §0 item 13). */
function wrongParty(
  contact: GhlContact,
  parties: z.infer<typeof call> | undefined,
  direction: string,
): string | undefined {
  const field = direction === "inbound" ? "from" : "to";
  if (parties === undefined) return "call is required for type Call";
  return parties[field] === contact.phone ? undefined : `call.${field} must be the phone of the contact`;
}

/** The real answers are nested one level deeper than the document says (#54, #258); lists carry `altId` (#38). */
export const messageView = (world: World, message: GhlMessage): Record<string, unknown> =>
  withoutNull({
    id: message.id,
    type: 34,
    messageType: "TYPE_CUSTOM_CALL",
    locationId: world.credentials.ghlLocationId,
    contactId: message.contactId,
    conversationId: message.conversationId,
    dateAdded: iso(message.dateAdded),
    body: message.body,
    direction: message.direction,
    status: "delivered",
    contentType: "text/plain",
    attachments: message.attachments,
    source: "app",
    conversationProviderId: message.conversationProviderId,
    meta: { call: { duration: null, status: message.status } },
  });

export const messagesOf = (world: World, conversationId: string): GhlMessage[] =>
  [...world.state.ghl.messages.values()]
    .filter((message) => message.conversationId === conversationId && message.visibleAt <= world.now())
    .reverse();

function list(world: World, conversationId: string, query: Record<string, string>): Answer {
  if (!world.state.ghl.conversations.has(conversationId)) return missing("Conversation not found");
  // The filter knows no TYPE_CUSTOM_CALL in its document: who asks for TYPE_CALL does not get external calls.
  const types = query.type?.split(",") ?? ["TYPE_CUSTOM_CALL"];
  const all = types.includes("TYPE_CUSTOM_CALL") ? messagesOf(world, conversationId) : [];
  const start = query.lastMessageId === undefined ? 0 : all.findIndex(({ id }) => id === query.lastMessageId) + 1;
  const rows = all.slice(start, start + Number(query.limit ?? 20));
  return ok({
    messages: {
      lastMessageId: rows.at(-1)?.id ?? "",
      nextPage: start + rows.length < all.length,
      messages: rows.map((message) => ({
        ...messageView(world, message),
        ...(message.altId === null ? {} : { altId: message.altId }),
      })),
    },
    traceId: traceId(),
  });
}

function show(world: World, id: string): Answer {
  const message = world.state.ghl.messages.get(id);
  if (message === undefined || message.visibleAt > world.now()) return missing("Message not found");
  const { attachments, ...rest } = messageView(world, message);
  return ok({
    message: world.settings.callAttachmentsReadable ? { ...rest, attachments } : rest,
    traceId: traceId(),
  });
}

const attachBody = z.strictObject({ attachments: z.array(z.url()).max(5) });

function attach(world: World, id: string, body: unknown): Answer {
  const message = world.state.ghl.messages.get(id);
  if (message === undefined) return missing("Message not found");
  const read = strict(attachBody, body);
  if ("refusal" in read) return read.refusal;
  message.attachments = read.input.attachments;
  return ok({ success: true, traceId: traceId() });
}
