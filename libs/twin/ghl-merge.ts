import { lowered } from "./ghl-contact-input.ts";
import { contactView } from "./ghl-contact-view.ts";
import { remove, save } from "./ghl-contacts.ts";
import type { GhlContact } from "./ghl-state.ts";
import { type Answer, ok } from "./route.ts";
import type { World } from "./world.ts";

/**
 * What "merge contacts" does in GHL: one stays, with the other's values where it had none, all tags, the other numbers
 * and addresses as additional ones, and everything that hung on the other. Reported as an update and a deletion
 * (inferred: no document says which events a merge sends).
 */
export function mergeGhlContacts(world: World, kept: GhlContact, gone: GhlContact): Answer {
  const { ghl } = world.state;
  const others = (mine: string | null, lists: (string | null)[]) => [
    ...new Set(lists.filter((value) => value !== null && value !== mine)),
  ];
  for (const record of [...ghl.notes.values(), ...ghl.tasks.values(), ...ghl.messages.values()]) {
    if (record.contactId === gone.id) record.contactId = kept.id;
  }
  for (const record of [...ghl.opportunities.values(), ...ghl.conversations.values(), ...ghl.enrolments]) {
    if (record.contactId === gone.id) record.contactId = kept.id;
  }
  const phone = kept.phone ?? gone.phone;
  const email = kept.email ?? gone.email;
  remove(world, gone);
  kept.customFields.push(...gone.customFields.filter(({ id }) => kept.customFields.every((one) => one.id !== id)));
  kept.details = { ...gone.details, ...withValue(kept.details) };
  kept.companyName ||= gone.companyName;
  save(world, kept, {
    firstName: kept.firstName || gone.firstName,
    lastName: kept.lastName || gone.lastName,
    phone,
    email,
    additionalPhones: others(phone, [...kept.additionalPhones, gone.phone, ...gone.additionalPhones]).map(String),
    additionalEmails: others(email, [...kept.additionalEmails, gone.email, ...gone.additionalEmails]).map(String),
    tags: lowered([...kept.tags, ...gone.tags]),
  });
  return ok({ contact: contactView(world, kept) });
}

const withValue = (details: GhlContact["details"]): GhlContact["details"] =>
  Object.fromEntries(Object.entries(details).filter(([, value]) => value !== null && value !== ""));
