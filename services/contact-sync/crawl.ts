import { canonicalText, stream } from "@callbridge/events";
import { afterError, type Context, type Fact, type Handler, RetryLater } from "@callbridge/service";
import { cloudtalkHint, isHinted } from "./hints.ts";
import { knownInCloudTalk, rolling } from "./known-contacts.ts";
import { samePerson } from "./observed.ts";
import { patiently } from "./patiently.ts";
import { personInCloudTalk } from "./person.ts";
import { readPair } from "./read-pair.ts";
import type { SweepDeps } from "./sweep.ts";

const minuteMs = 60_000;
/** How soon it is looked whether a crawl that was switched off is on again. */
const offMs = 3_600_000;

/**
 * Opens CloudTalk's known contacts one after the other, some each minute, all of them in turn: nothing else tells that a
 * name, a number or an attribute was changed there without a webhook.
 */
export function contactCrawlHandler(deps: SweepDeps): Handler<undefined> {
  const { crawlPerMinute, everyMs } = deps.settings.sweep;
  return {
    name: "contact-crawl",
    on: ["sync.sweeps_begun"],
    fold: () => undefined,
    lease: () => "contact-crawl",
    decide: async (event, _state, context) => {
      const next = (afterMs: number) => [{ key: event.key, at: new Date(context.now.getTime() + afterMs) }];
      if (crawlPerMinute === 0 || everyMs === 0) return { wake: next(offMs) };
      try {
        return { append: await crawl(event.account, crawlPerMinute, deps, context), wake: next(minuteMs) };
      } catch (cause) {
        throw new RetryLater(minuteMs, afterError(cause, 1).because, { cause });
      }
    },
  };
}

async function crawl(account: string, count: number, deps: SweepDeps, context: Context): Promise<Fact[]> {
  const open = patiently(deps.cloudtalk.contact, context.signal);
  const known = await knownInCloudTalk(account, deps.log);
  const hints: Fact[] = [];
  for (const { id, position } of rolling(known, count, Math.floor(context.now.getTime() / minuteMs))) {
    const contact = await open(id);
    const pair = await readPair(deps.log, account, stream.cloudtalkContact(id));
    if (pair.erased || isHinted(pair, "cloudtalk")) continue;
    const person = contact && personInCloudTalk(contact, deps.settings);
    if (!person) hints.push(cloudtalkHint(id, "deleted", `gone:${position}`));
    else if (!pair.seen.cloudtalk || !samePerson(pair.seen.cloudtalk, person)) {
      hints.push(cloudtalkHint(id, "updated", `crawl:${position}:${context.hash(canonicalText(person))}`));
    }
  }
  return hints;
}
