import type { CloudTalk } from "@callbridge/cloudtalk";
import type { EventLog } from "@callbridge/event-log";
import type { EventData, GhlContactId, Intent, LogEventOf } from "@callbridge/events";
import type { Ghl, GhlContact, GhlCursor } from "@callbridge/ghl";
import type { Context, Decision } from "@callbridge/service";
import { type Listed, listedInGhl, listInCloudTalk } from "./contact-lists.ts";
import { createNumbers, type Numbers } from "./contact-numbers.ts";
import type { PairDeps } from "./counterpart.ts";
import { outcomeIn } from "./import-outcome.ts";
import { notMade, type PlanDeps } from "./import-plan.ts";
import type { Outcome } from "./import-tally.ts";
import { introduce } from "./introduce.ts";
import { foldPair, type Pair } from "./pair.ts";
import { patiently } from "./patiently.ts";

/** What an import asks of the vendors waits for the share of the budget that sweeps have. */
export type ImportDeps = Omit<PairDeps, "cloudtalk" | "ghl" | "log"> &
  Omit<PlanDeps, "log" | "cloudtalk" | "ghl"> & {
    cloudtalk: Pick<CloudTalk, "contact" | "findContactsByPhone" | "contactsPage">;
    ghl: Pick<Ghl, "contact" | "findContactsByPhone" | "contactIdIn" | "contactPage" | "contactsPage">;
    log: Pick<EventLog, "stream" | "knownStreams">;
  };
export type ImportRequest = LogEventOf<"sync.import_requested">;
type Cursor = EventData<"sync.import_progressed">["cursor"];
type Hidden = EventData<"sync.import_planned">["hidden"];

/** A part of the contacts, small enough to be looked at again after a crash. */
export type Page = {
  /** Looks at those that are not done, and introduces as many as may be under way. */
  look: (context: Context) => Promise<Required<Omit<Decision, "wake">> & { isDone: boolean }>;
  outcomes: () => Outcome[];
  /** Where the next page begins; undefined: this is the last. */
  next: Cursor | undefined;
};

const contactsPerPage = 100;

/** The pages of the imports that this process works on; read again where it has not got them. */
export function createImportPages(deps: ImportDeps) {
  const open = new Map<string, { cursor: Cursor | undefined; page: Page; numbers: Numbers }>();
  return {
    after: async (
      request: ImportRequest,
      hidden: Hidden,
      cursor: Cursor | undefined,
      signal: AbortSignal,
    ): Promise<Page> => {
      const known = open.get(request.key);
      if (known && JSON.stringify(known.cursor) === JSON.stringify(cursor)) return known.page;
      const numbers = known?.numbers ?? createNumbers(request, hidden, deps);
      const read = request.data.from === "ghl" ? readInGhl : readInCloudTalk;
      const page = pageOf(request, await read(cursor, deps, signal), numbers, deps);
      open.set(request.key, { cursor, page, numbers });
      return page;
    },
    close: (request: ImportRequest) => open.delete(request.key),
  };
}

type Row = Listed & { contact?: GhlContact };
type Rows = { rows: Row[]; next: Cursor | undefined };

async function readInGhl(cursor: Cursor | undefined, { ghl }: ImportDeps, signal: AbortSignal): Promise<Rows> {
  const after = cursor as GhlCursor | undefined;
  const { contacts, next } = await patiently(ghl.contactsPage, signal)({ after, limit: contactsPerPage });
  return { rows: contacts.map(listedInGhl), next };
}

/** The order of its pages is not documented, so the ids say where one ends. */
async function readInCloudTalk(cursor: Cursor | undefined, deps: ImportDeps, signal: AbortSignal): Promise<Rows> {
  const isAfter = ({ id }: Listed) => cursor === undefined || Number(id) > Number(cursor);
  const rest = (await listInCloudTalk(deps, signal)).filter(isAfter);
  const rows = rest.slice(0, contactsPerPage);
  return { rows, next: rest.length > rows.length ? rows.at(-1)?.id : undefined };
}

function pageOf(request: ImportRequest, { rows, next }: Rows, numbers: Numbers, deps: ImportDeps): Page {
  const { from, atOnce } = request.data;
  const outcomes = new Map<string, Outcome>();
  const introduced = new Set<string>();
  return { look, outcomes: () => [...outcomes.values()], next };

  async function look(context: Context) {
    const opened = from === "ghl" ? await numbers.openSome(context.now, context.signal, atOnce) : undefined;
    if (opened) return { append: opened, intend: [], isDone: false };
    const decisions: Decision[] = [];
    const claimed = new Set<string>();
    let underWay = 0;
    for (const row of rows) {
      if (underWay >= atOnce) break;
      if (outcomes.has(row.id)) continue;
      const { pair, outcome } = await stateOf(row, context);
      if (outcome !== "fresh" && outcome !== "under way") {
        outcomes.set(row.id, outcome);
        if (pair.linked && pair.ids.cloudtalk) numbers.add(row.phones, pair.ids.cloudtalk);
        continue;
      }
      underWay += 1;
      // Who shares a number with one under way waits for its end, and then finds its counterpart.
      const isTaken = row.phones.some((phone) => claimed.has(phone));
      for (const phone of row.phones) claimed.add(phone);
      if (outcome === "fresh" && !isTaken) decisions.push(await decided(row, pair, context));
    }
    return {
      append: decisions.flatMap(({ append = [] }) => append),
      intend: decisions.flatMap(({ intend = [] }) => intend),
      isDone: outcomes.size === rows.length,
    };
  }

  async function stateOf(row: Row, { now }: Context) {
    const { events } = await deps.log.stream(request.account, row.stream);
    const folded = foldPair(events);
    const ids = from === "ghl" ? { ghl: row.id } : { cloudtalk: row.id };
    const pair = (folded.linked ? folded : { ...folded, ids: { ...folded.ids, ...ids } }) as Pair;
    const asked = { from, since: request.position, isIntroduced: introduced.has(row.id) };
    const outcome = outcomeIn(events, pair, asked, now);
    if (outcome !== "fresh" || row.phones.length > 0) return { pair, outcome };
    return { pair, outcome: "withoutNumber" as const };
  }

  /** The same decision as on a webhook's hint, but with the page's contact and by the numbers that are known. */
  async function decided(row: Row, pair: Pair, context: Context): Promise<Decision> {
    const { signal } = context;
    const newest = { position: request.position, at: Date.parse(request.recordedAt), side: from };
    const work = { account: request.account, stream: row.stream, newest, context };
    const { append = [], intend = [], wake } = await introduce(pair, work, { ...deps, ...vendorsFor(row, signal) });
    // Looked for again a little later: the other side's look-ups do not agree yet.
    if (wake) return {};
    introduced.add(row.id);
    const facts = append.filter(({ type }) => type !== "contact.synced");
    const isUndecided = intend.length === 0 && !facts.some(({ type }) => type !== "contact.observed");
    if (isUndecided) outcomes.set(row.id, { refused: notMade });
    return { append: facts, intend: intend.map((intent) => ownIntent(intent, row)) };
  }

  function vendorsFor(row: Row, signal: AbortSignal): Pick<PairDeps, "cloudtalk" | "ghl"> {
    const { cloudtalk, ghl } = deps;
    const [openInGhl, openInCloudTalk] = [patiently(ghl.contact, signal), patiently(cloudtalk.contact, signal)];
    return {
      cloudtalk: {
        contact: openInCloudTalk,
        findContactsByPhone: (phone) => numbers.holders(phone, signal),
      },
      ghl: {
        ...ghl,
        contact: async (id: GhlContactId) => (id === row.contact?.id ? row.contact : await openInGhl(id)),
        findContactsByPhone: patiently(ghl.findContactsByPhone, signal),
      },
    };
  }

  function ownIntent(intent: Intent, { stream }: Row): Intent {
    const isLooked = intent.kind === "cloudtalk.contact";
    const input = isLooked ? { ...intent.input, lookedAt: numbers.readAt().toISOString() } : intent.input;
    return { ...intent, input, stream };
  }
}
