import type { EventLog } from "@callbridge/event-log";
import type { EventData } from "@callbridge/events";
import { paceOf, type SyncSettings } from "@callbridge/service";
import { byNumber, type ListDeps, type Listed, listInCloudTalk, listInGhl } from "./contact-lists.ts";
import { type Outcome, tallyOf } from "./import-tally.ts";
import type { Side } from "./pair.ts";

export type PlanDeps = ListDeps & { log: Pick<EventLog, "knownStreams">; settings: SyncSettings };
type Plan = Omit<EventData<"sync.import_planned">, "import">;

export const notMade = "no counterpart, and making one is switched off";
const contactsPerBulk = 10;
const cloudtalkRowsPerPage = 1_000;
const ghlRowsPerPage = 100;
/** A number is looked up in CloudTalk with and without its plus. */
const searchesPerNumber = 2;
/** Who has a number in GHL is asked of its two look-ups. */
const searchesInGhl = 2;
/** Requests that a contact costs: a candidate is opened, the pair compared, the contact's page in the CRM written down. */
const toLink = { cloudtalk: 4, ghl: 2 };
/** A contact of CloudTalk is opened, and looked for and made in GHL; then the two are compared and the page written down. */
const toMakeInGhl = { cloudtalk: 4, ghl: 7 };

/** Reads the lists of both sides and says what an import will do, by the numbers that they show, and how long it takes. */
export async function planOf(account: string, from: Side, deps: PlanDeps, signal: AbortSignal): Promise<Plan> {
  const lists = { ghl: await listInGhl(deps, signal), cloudtalk: await listInCloudTalk(deps, signal) };
  const known = async (list: readonly Listed[], type: "contact.linked" | "contact.observed") => {
    const names = list.map(({ stream }) => stream);
    return names.length === 0 ? new Set<string>() : await deps.log.knownStreams(account, names, [type]);
  };
  const to: Side = from === "ghl" ? "cloudtalk" : "ghl";
  const linked = new Set([
    ...(await known(lists.ghl, "contact.linked")),
    ...(await known(lists.cloudtalk, "contact.linked")),
  ]);
  const expected = tallyOf(
    expectedOutcomes(lists[from], lists[to], linked, { from, mayMake: deps.settings.create[to] }),
  );
  const observed = await known(lists.cloudtalk, "contact.observed");
  const unopened = lists.cloudtalk.filter(({ stream }) => !observed.has(stream)).length;
  const searches = searchesPerNumber * expected.created;
  const hidden = expected.created === 0 || searches < unopened ? "search" : "open";
  const pages = {
    cloudtalk: Math.ceil(lists.cloudtalk.length / cloudtalkRowsPerPage),
    ghl: Math.ceil(lists.ghl.length / ghlRowsPerPage),
  };
  const requests =
    from === "ghl"
      ? {
          cloudtalk:
            pages.cloudtalk +
            (hidden === "open" ? unopened : searches) +
            toLink.cloudtalk * expected.linked +
            Math.ceil(expected.created / contactsPerBulk),
          ghl: pages.ghl + (toLink.ghl + searchesInGhl) * expected.linked,
        }
      : {
          cloudtalk: pages.cloudtalk + toLink.cloudtalk * expected.linked + toMakeInGhl.cloudtalk * expected.created,
          ghl: (toLink.ghl + searchesInGhl) * expected.linked + toMakeInGhl.ghl * expected.created,
        };
  const seconds = Math.max(requests.cloudtalk / paceOf("cloudtalk", "sweep"), requests.ghl / paceOf("ghl", "sweep"));
  return { expected, requests, seconds: Math.ceil(seconds), hidden };
}

/** What will become of each contact, by the numbers that the lists show. Pure. */
export function expectedOutcomes(
  list: readonly Listed[],
  others: readonly Listed[],
  linked: ReadonlySet<string>,
  { from, mayMake }: { from: Side; mayMake: boolean },
): Outcome[] {
  const holders = byNumber(others);
  const own = byNumber(list);
  const streams = new Map(others.map(({ id, stream }) => [id, stream]));
  const taken = new Set<string>();
  return list.map(({ stream, phones }): Outcome => {
    if (linked.has(stream)) return "linkedBefore";
    if (phones.length === 0) return "withoutNumber";
    const [found, ...more] = new Set(phones.flatMap((phone) => [...(holders.get(phone) ?? [])]));
    // The second of two that share a number finds the counterpart of the first.
    const isTaken = phones.some((phone) => taken.has(phone));
    if (found === undefined && !mayMake) return { refused: notMade };
    for (const phone of phones) taken.add(phone);
    if (isTaken || more.length > 0) return "ambiguous";
    if (found === undefined) return "created";
    if (from === "ghl" && phones.some((phone) => (own.get(phone)?.size ?? 0) > 1)) return "ambiguous";
    return linked.has(streams.get(found) ?? "") ? "ambiguous" : "linked";
  });
}
