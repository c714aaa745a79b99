import { type Contact, keptByCloudTalk, readCloudTalkField } from "@callbridge/cloudtalk";
import { type GhlContact, type GhlCustomField, readGhlField } from "@callbridge/ghl";
import type { FieldRule, SyncSettings } from "@callbridge/service";

/**
 * A contact in words that both sides share, so that equal is the same: texts as CloudTalk can keep them, phones in E.164,
 * e-mails and tags in lower case. In GHL the first phone and the first e-mail are the main ones.
 */
export type Person = {
  /** By `fieldKey` of the rule; empty texts are absent. */
  fields: Record<string, string>;
  phones: string[];
  emails: string[];
  /** By GHL's names, without those that are not synced. */
  tags: string[];
};

export const nobody: Person = { fields: {}, phones: [], emails: [], tags: [] };

/** What a rule's field is called in a person. */
export const fieldKey = (rule: FieldRule) => rule.cloudtalk;

export function personInGhl(
  contact: GhlContact,
  settings: SyncSettings,
  definitions: readonly GhlCustomField[],
): Person {
  return {
    fields: texts(settings, (rule) => readGhlField(contact, rule.ghl, definitions)),
    ...reachable(contact),
    // A tag that bears the name which CloudTalk has for another one cannot be told there: it stays where it is.
    tags: syncedTags(
      contact.tags.filter((tag) => sameTag(nameInGhl(tag, settings), tag)),
      settings,
    ),
  };
}

export function personInCloudTalk(contact: Contact, settings: SyncSettings): Person {
  return {
    fields: texts(settings, (rule) => readCloudTalkField(contact, rule.cloudtalk)),
    phones: reachable(contact).phones.sort(),
    emails: reachable(contact).emails.sort(),
    tags: syncedTags(
      contact.tags.map((tag) => nameInGhl(tag, settings)),
      settings,
    ),
  };
}

/** GHL's name of a tag that is called `tag` in CloudTalk. */
export function nameInGhl(tag: string, { tags }: SyncSettings): string {
  const renamed = Object.entries(tags.names).find(([cloudtalk]) => sameTag(cloudtalk, tag));
  return (renamed?.[1] ?? tag).trim().toLowerCase();
}

/** CloudTalk's name of a tag that is called `tag` in GHL. */
export function nameInCloudTalk(tag: string, { tags }: SyncSettings): string {
  return Object.entries(tags.names).find(([, ghl]) => sameTag(ghl, tag))?.[0] ?? tag;
}

const sameTag = (one: string, other: string) => one.trim().toLowerCase() === other.trim().toLowerCase();

/** Tags as both sides are told of them. */
export function syncedTags(tags: readonly string[], { tags: { ignore } }: SyncSettings): string[] {
  const isIgnored = (tag: string) =>
    ignore.some((pattern) =>
      pattern.endsWith("*") ? tag.startsWith(pattern.slice(0, -1).toLowerCase()) : sameTag(pattern, tag),
    );
  const names = tags.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== "" && !isIgnored(tag));
  return [...new Set(names)].sort();
}

function texts({ fields }: SyncSettings, read: (rule: FieldRule) => string): Record<string, string> {
  const entries = fields.map((rule) => [fieldKey(rule), keptByCloudTalk(rule.cloudtalk, read(rule))] as const);
  return Object.fromEntries(entries.filter(([, text]) => text !== ""));
}

export const isE164 = (phone: string) => /^\+[1-9]\d{6,14}$/.test(phone);

function reachable({ phones, emails }: { phones: string[]; emails: string[] }) {
  return {
    phones: [...new Set(phones.filter(isE164))],
    emails: [...new Set(emails.map((email) => email.trim().toLowerCase()).filter((email) => email.includes("@")))],
  };
}
