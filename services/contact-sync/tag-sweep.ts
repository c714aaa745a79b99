import type { CloudTalk, Tag } from "@callbridge/cloudtalk";
import type { EventLog } from "@callbridge/event-log";
import { stream } from "@callbridge/events";
import type { Context, Fact, SyncSettings } from "@callbridge/service";
import { cloudtalkHint, isHinted } from "./hints.ts";
import { type KnownContact, rolling } from "./known-contacts.ts";
import { patiently } from "./patiently.ts";
import { nameInGhl, syncedTags } from "./person.ts";
import { readPair } from "./read-pair.ts";

type TagDeps = {
  cloudtalk: Pick<CloudTalk, "contactsPage" | "tags">;
  log: Pick<EventLog, "stream">;
  settings: SyncSettings;
};

/** Contacts whose membership in a tag is not what was last seen. Some tags each time, all of them in turn. */
export async function tagHints(
  account: string,
  known: readonly KnownContact[],
  deps: TagDeps,
  { now, signal }: Context,
): Promise<Fact[]> {
  const { tagsAtOnce, everyMs } = deps.settings.sweep;
  const turn = Math.floor(now.getTime() / Math.max(1, everyMs));
  const tags = tagsAtOnce === 0 || known.length === 0 ? [] : await syncedOf(deps, signal);
  const hints: Fact[] = [];
  for (const tag of rolling(tags, tagsAtOnce, turn)) {
    const members = await membersOf(tag, deps, signal);
    const name = nameInGhl(tag.name, deps.settings);
    for (const { id, position, tags: seen } of known) {
      const isMember = members.has(id);
      if (seen.includes(name) === isMember) continue;
      // Since it was seen we may have tagged it ourselves.
      const pair = await readPair(deps.log, account, stream.cloudtalkContact(id));
      if (pair.seen.cloudtalk?.tags.includes(name) === isMember || isHinted(pair, "cloudtalk")) continue;
      hints.push(cloudtalkHint(id, "updated", `tag:${tag.id}:${isMember}:${position}`));
    }
  }
  return hints;
}

async function syncedOf({ cloudtalk, settings }: TagDeps, signal: AbortSignal): Promise<Tag[]> {
  const read = patiently(cloudtalk.tags, signal);
  const tags: Tag[] = [];
  for (let page = 1, pages = 1; page <= pages; page++) {
    const answer = await read({ page });
    pages = answer.pages;
    tags.push(...answer.rows);
  }
  return tags.filter(({ name }) => syncedTags([nameInGhl(name, settings)], settings).length > 0);
}

async function membersOf({ id: tagId }: Tag, { cloudtalk }: TagDeps, signal: AbortSignal): Promise<Set<string>> {
  const read = patiently(cloudtalk.contactsPage, signal);
  const members = new Set<string>();
  for (let page = 1, pages = 1; page <= pages; page++) {
    const answer = await read({ page, tagId });
    pages = answer.pages;
    for (const { id } of answer.rows) members.add(id);
  }
  return members;
}
