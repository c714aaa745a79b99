import { type EventData, type ImportTally, isEvent, type LogEvent, type LogEventOf } from "@callbridge/events";
import { duration, plural } from "./output.ts";

/** An import as the account's events tell it. `tally`: as far as it is. */
export type ImportState = {
  request: LogEventOf<"sync.import_requested">;
  planned: EventData<"sync.import_planned"> | undefined;
  tally: ImportTally | undefined;
  finished: ImportTally | undefined;
};

export function importsIn(events: readonly LogEvent[]): ImportState[] {
  const imports = new Map<string, ImportState>();
  for (const event of events) {
    if (isEvent(event, "sync.import_requested")) {
      imports.set(event.key, { request: event, planned: undefined, tally: undefined, finished: undefined });
    }
    const known = "import" in event.data ? imports.get(event.data.import) : undefined;
    if (!known) continue;
    if (isEvent(event, "sync.import_planned")) known.planned = event.data;
    if (isEvent(event, "sync.import_progressed")) known.tally = event.data.tally;
    if (isEvent(event, "sync.import_finished")) known.finished = event.data.tally;
  }
  return [...imports.values()];
}

export function planInWords({ expected, requests, seconds }: EventData<"sync.import_planned">): string {
  return [
    `${plural(expected.found, "contact")}: ${expected.created} to make, ${expected.linked} to link, ${expected.linkedBefore} linked already.`,
    `${plural(requests.cloudtalk, "request")} to CloudTalk, ${requests.ghl} to GoHighLevel, of which half is left to others: ${duration(seconds)}.`,
  ].join("\n");
}

export function inWords({ request, planned, finished }: ImportState): string {
  const { from, dryRun } = request.data;
  const heading = dryRun ? "Nothing was written (--dry-run). An import would find" : "Done:";
  return [
    `Contacts of ${from === "ghl" ? "GoHighLevel" : "CloudTalk"}. ${heading}`,
    ...(finished ? tallyInWords(finished) : []),
    ...(dryRun && planned ? [planInWords(planned).split("\n")[1] ?? ""] : []),
  ].join("\n");
}

function tallyInWords(tally: ImportTally): string[] {
  const lines: [number, string][] = [
    [tally.found, "found"],
    [tally.linkedBefore, "linked before"],
    [tally.linked, "linked with a counterpart that was there"],
    [tally.created, "counterparts made"],
    [tally.ambiguous, "ambiguous: a person decides"],
    [tally.withoutNumber, "without a number, skipped"],
    ...Object.entries(tally.refused).map(([because, count]): [number, string] => [
      count,
      `not brought over: ${because}`,
    ]),
  ];
  const width = Math.max(...lines.map(([count]) => String(count).length));
  return lines.map(([count, what]) => `  ${String(count).padStart(width)}  ${what}`);
}

/** The sweeps of two days: the last one, and the sums. */
export function sweepsIn(events: readonly LogEvent[], now: Date) {
  const sweeps = events.filter((event) => isEvent(event, "sync.swept"));
  const last = sweeps.at(-1);
  if (!last) return undefined;
  const sums = { changed: 0, added: 0, vanished: 0, tags: 0 };
  for (const { data } of sweeps) {
    for (const kind of Object.keys(sums) as (keyof typeof sums)[]) sums[kind] += data.hints[kind];
  }
  const { changedUntil, contacts, crawled, crawlSeconds } = last.data;
  return {
    lastAt: last.recordedAt,
    lagSeconds: Math.round((now.getTime() - Date.parse(changedUntil)) / 1_000),
    ...{ sweeps: sweeps.length, hints: sums, contacts, crawled, crawlSeconds },
  };
}

export function statusInWords(sweeps: ReturnType<typeof sweepsIn>, imports: readonly ImportState[]): string {
  return [...sweepLines(sweeps), ...imports.flatMap(importLines)].join("\n");
}

function sweepLines(sweeps: ReturnType<typeof sweepsIn>): string[] {
  if (!sweeps)
    return [
      "No sweep since yesterday. The first one comes sync.sweep.everyMs (15 min, unless set; 0: never) after the start of contact-sync.",
    ];
  const { lastAt, lagSeconds, hints, contacts, crawled, crawlSeconds } = sweeps;
  return [
    `Last sweep ${lastAt}; GoHighLevel is looked at up to ${duration(lagSeconds)} ago.`,
    `Found since yesterday: ${hints.changed} changed in GoHighLevel; in CloudTalk ${hints.added} new, ${hints.vanished} gone, ${hints.tags} with other tags.`,
    `CloudTalk has ${plural(contacts, "contact")}; ${crawled} of them are opened in turn, once around in ${duration(crawlSeconds)}.`,
  ];
}

function importLines({ request, planned, tally, finished }: ImportState): string[] {
  const { from, dryRun } = request.data;
  const found = planned ? ` of ${planned.expected.found}` : "";
  const state = finished ? `finished, ${finished.found} contacts` : `${tally?.found ?? 0}${found} contacts done`;
  return [`Import from ${from}${dryRun ? " (only counted)" : ""}, asked for ${request.recordedAt}: ${state}`];
}
