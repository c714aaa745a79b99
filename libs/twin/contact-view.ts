import type { CloudTalkContact } from "./cloudtalk-state.ts";
import { contactView, withoutNull } from "./ghl-contact-view.ts";
import { conversationOf } from "./ghl-conversations.ts";
import { messagesOf, messageView } from "./ghl-messages.ts";
import { notesOf, noteView } from "./ghl-notes.ts";
import { opportunityView } from "./ghl-opportunities.ts";
import { tasksOf, taskView } from "./ghl-tasks.ts";
import { asRecord } from "./route.ts";
import { iso, type World } from "./world.ts";

/** What a person who opens the contact in the CRM sees. */
export type ContactPage = {
  contact: Record<string, unknown>;
  /** With names, as the CRM shows them. */
  customFields: { id: string; name: string; fieldKey: string; value: unknown }[];
  notes: Record<string, unknown>[];
  messages: Record<string, unknown>[];
  tasks: Record<string, unknown>[];
  opportunities: Record<string, unknown>[];
  workflows: { workflowId: string; at: string }[];
  /** Bodies that the inbound-webhook trigger received with the contact's phone in them. */
  callLogs: unknown[];
};

export function contactPage(world: World, contactId: string): ContactPage | undefined {
  const { ghl } = world.state;
  const contact = ghl.contacts.get(contactId);
  if (contact === undefined) return undefined;
  const conversation = conversationOf(world, contactId);
  return {
    contact: contactView(world, contact),
    customFields: contact.customFields.flatMap(({ id, value }) => {
      const field = ghl.customFields.get(id);
      return field === undefined ? [] : [{ id, name: field.name, fieldKey: field.fieldKey, value }];
    }),
    notes: notesOf(world, contactId).map(noteView),
    messages: (conversation === undefined ? [] : messagesOf(world, conversation.id)).map((message) => ({
      ...messageView(world, message),
      ...withoutNull({ altId: message.altId, from: message.from, to: message.to }),
    })),
    tasks: tasksOf(world, contactId).map(taskView),
    opportunities: [...ghl.opportunities.values()]
      .filter((one) => one.contactId === contactId)
      .map((one) => opportunityView(world, one)),
    workflows: ghl.enrolments
      .filter((one) => one.contactId === contactId)
      .map(({ workflowId, at }) => ({ workflowId, at: iso(at) })),
    callLogs: ghl.callLogs.map(({ body }) => body).filter((body) => mentions(body, contact.phone)),
  };
}

const mentions = (body: unknown, phone: string | null): boolean =>
  phone !== null && Object.values(asRecord(body)).some((value) => String(value).includes(phone.slice(1)));

/** What an agent who opens the contact in CloudTalk sees. */
export type CloudTalkContactPage = {
  contact: CloudTalkContact;
  /** With titles, as CloudTalk shows them. */
  attributes: { title: string; value: string }[];
  notes: string[];
  activities: Record<string, string>[];
};

export function cloudtalkContactPage(world: World, contactId: string): CloudTalkContactPage | undefined {
  const { contacts, notes, activities, attributes } = world.state.cloudtalk;
  const contact = contacts.get(contactId);
  if (contact === undefined) return undefined;
  const titleOf = (id: string): string => attributes.find((attribute) => attribute.id === id)?.title ?? id;
  return {
    contact: structuredClone(contact),
    attributes: contact.attributes.map(({ attributeId, value }) => ({ title: titleOf(attributeId), value })),
    notes: [...notes.values()].filter((note) => note.contactId === contactId).map(({ note }) => note),
    activities: [...activities.values()].filter((one) => one.contactId === contactId).map(({ fields }) => fields),
  };
}
