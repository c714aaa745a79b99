import { z } from "zod";
import { badRequest, strict, unprocessable } from "./ghl-answer.ts";
import { fullName } from "./ghl-contact-view.ts";
import { noSuch } from "./ghl-contacts.ts";
import { type GhlConversation, nextGhlId } from "./ghl-state.ts";
import { type Answer, created, ok, type Route } from "./route.ts";
import { iso, traceId, type World } from "./world.ts";

/** One conversation per contact (facts/ghl.md §3.3, version 2021-04-15). */
export function ghlConversationRoutes(world: World): Route[] {
  const vendor = "ghl";
  return [
    {
      vendor,
      operation: "conversations.search",
      method: "GET",
      path: "/conversations/search",
      handle: ({ query }) => search(world, query),
    },
    {
      vendor,
      operation: "conversations.create",
      method: "POST",
      // With the slash only: without it callers got a 404 (facts/ghl.md §3.3).
      path: "/conversations/",
      handle: ({ body }) => create(world, body),
    },
    {
      vendor,
      operation: "conversations.get",
      method: "GET",
      path: "/conversations/:conversationId",
      handle: ({ params }) => show(world, params.conversationId ?? ""),
    },
  ];
}

export const conversationOf = (world: World, contactId: string): GhlConversation | undefined =>
  [...world.state.ghl.conversations.values()].find((one) => one.contactId === contactId);

export function openConversation(world: World, contactId: string): GhlConversation {
  const now = world.now();
  const conversation = { id: nextGhlId(world.state.ghl, "Convers"), contactId, dateAdded: now, dateUpdated: now };
  world.state.ghl.conversations.set(conversation.id, conversation);
  return conversation;
}

function search(world: World, query: Record<string, string>): Answer {
  if (query.locationId === undefined) return unprocessable(["locationId must be a string"]);
  const { conversations, contacts, messages } = world.state.ghl;
  const rows = [...conversations.values()].filter(
    (one) =>
      (query.contactId === undefined || one.contactId === query.contactId) &&
      (query.id === undefined || one.id === query.id),
  );
  return ok({
    conversations: rows.slice(0, Number(query.limit ?? 20)).map((one) => {
      const contact = contacts.get(one.contactId);
      const last = [...messages.values()].findLast((message) => message.conversationId === one.id);
      const name = contact === undefined ? "" : fullName(contact);
      return {
        id: one.id,
        contactId: one.contactId,
        locationId: world.credentials.ghlLocationId,
        lastMessageBody: last?.body ?? "",
        lastMessageType: last === undefined ? "TYPE_ACTIVITY_CONTACT" : "TYPE_CUSTOM_CALL",
        type: "TYPE_PHONE",
        unreadCount: 0,
        fullName: name,
        contactName: name,
        email: contact?.email ?? "",
        phone: contact?.phone ?? "",
      };
    }),
    total: rows.length,
    traceId: traceId(),
  });
}

const createBody = z.strictObject({ locationId: z.string(), contactId: z.string() });

function create(world: World, body: unknown): Answer {
  const read = strict(createBody, body);
  if ("refusal" in read) return read.refusal;
  const { contactId } = read.input;
  if (!world.state.ghl.contacts.has(contactId)) return badRequest(`Contact with id ${contactId} not found`);
  const existing = conversationOf(world, contactId);
  if (existing !== undefined) {
    return badRequest(`Conversation with the contact id:${contactId} already exists`, { conversationId: existing.id });
  }
  const conversation = openConversation(world, contactId);
  return created({
    success: true,
    conversation: {
      id: conversation.id,
      dateUpdated: iso(conversation.dateUpdated),
      dateAdded: iso(conversation.dateAdded),
      deleted: false,
      contactId,
      locationId: world.credentials.ghlLocationId,
      lastMessageDate: iso(conversation.dateUpdated),
    },
    traceId: traceId(),
  });
}

function show(world: World, id: string): Answer {
  const conversation = world.state.ghl.conversations.get(id);
  if (conversation === undefined) return noSuch("Conversation", id);
  return ok({
    id,
    contactId: conversation.contactId,
    locationId: world.credentials.ghlLocationId,
    deleted: false,
    inbox: true,
    type: 1,
    unreadCount: 0,
    starred: false,
  });
}
