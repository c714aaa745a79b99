import { type EventData, type ImportTally, stream } from "@callbridge/events";
import type { Fact, Handler } from "@callbridge/service";
import { createImportPages, type ImportDeps, type ImportRequest, type Page } from "./import-page.ts";
import { planOf } from "./import-plan.ts";
import { tallyOf } from "./import-tally.ts";

/** What the account's stream says of an import. */
type Progress = {
  plan?: EventData<"sync.import_planned"> | undefined;
  done?: EventData<"sync.import_progressed"> | undefined;
  isFinished: boolean;
};

/** How soon it is looked whether those under way have come through. */
const lookAgainMs = 500;

/**
 * Brings all contacts of one side over: read page by page, each of them introduced as a webhook's hint would have it, but
 * by lists that were read once. What became of a contact is read from its own events, so whoever takes over after a crash
 * looks at one page again and does nothing twice.
 */
export function importHandler(deps: ImportDeps): Handler<ReadonlyMap<string, Progress>> {
  const pages = createImportPages(deps);
  return {
    name: "import",
    on: ["sync.import_requested"],
    fold: (events) => {
      const imports = new Map<string, Progress>();
      const progress = (name: string) => imports.get(name) ?? { isFinished: false };
      for (const { type, data } of events) {
        if (type === "sync.import_planned") imports.set(data.import, { ...progress(data.import), plan: data });
        if (type === "sync.import_progressed") imports.set(data.import, { ...progress(data.import), done: data });
        if (type === "sync.import_finished") imports.set(data.import, { ...progress(data.import), isFinished: true });
      }
      return imports;
    },
    // One after the other: the second finds what the first has made.
    lease: () => "import",
    decide: async (event, imports, context) => {
      if (event.type !== "sync.import_requested") return {};
      const { plan, done, isFinished } = imports.get(event.key) ?? { isFinished: false };
      if (isFinished) return {};
      const next = (afterMs: number) => [{ key: event.key, at: new Date(context.now.getTime() + afterMs) }];
      if (!plan) {
        const made = await planOf(event.account, event.data.from, deps, context.signal);
        const data = { import: event.key, ...made };
        const planned: Fact = { type: "sync.import_planned", ...step(event, "planned"), data };
        if (!event.data.dryRun) return { append: [planned], wake: next(0) };
        return { append: [planned, finished(event, made.expected)] };
      }
      const page = await pages.after(event, plan.hidden, done?.cursor, context.signal);
      const { append, intend, isDone } = await page.look(context);
      if (isDone && page.next === undefined) pages.close(event);
      if (!isDone) return { append, intend, wake: next(lookAgainMs) };
      return {
        append: [...append, turned(event, page, done)],
        intend,
        wake: page.next === undefined ? [] : next(0),
      };
    },
  };
}

/** A page is done. */
function turned(event: ImportRequest, page: Page, before: Progress["done"]): Fact {
  const tally = tallyOf(page.outcomes(), before?.tally);
  const number = (before?.page ?? 0) + 1;
  if (page.next === undefined) return finished(event, tally);
  return {
    type: "sync.import_progressed",
    ...step(event, `page:${number}`),
    data: { import: event.key, page: number, cursor: page.next, tally },
  };
}

function finished(event: ImportRequest, tally: ImportTally): Fact {
  return { type: "sync.import_finished", ...step(event, "finished"), data: { import: event.key, tally } };
}

const step = ({ account, key }: ImportRequest, name: string) => ({
  stream: stream.account(account),
  key: { fact: `${key}/${name}` },
  personal: {},
});
