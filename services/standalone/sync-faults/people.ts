import { type Effect, evolveEffects, type LogEvent } from "@callbridge/events";
import type { TwinInProcess } from "@callbridge/twin";
import type { Endpoint } from "../../ingress/endpoints.ts";
import { enter, type Ledger, newLedger, settle, wrong } from "./ledger.ts";
import { act, begin, defineFields, recordsOf, type Shown, shown } from "./records.ts";
import type { Deed, Side, SyncSchedule } from "./schedule.ts";

const sides = ["cloudtalk", "ghl"] as const;
const beginningTold = [1_000];
type Tell = (delays: readonly number[], deed: () => Promise<unknown>) => Promise<unknown>;

/** The people of a schedule at both vendors: they do their deeds, and know what must have become of them. */
export function peopleAtWork(
  schedule: SyncSchedule,
  twin: TwinInProcess,
  {
    note,
    nowMs,
    events,
  }: { note: (line: () => string) => void; nowMs: () => number; events: () => readonly LogEvent[] },
  tell: Tell,
) {
  const ledgers = schedule.people.map(newLedger);
  const recent: { id: string; atMs: number; keys: Set<string> }[] = [];
  const waiting: Deed[] = [];
  let done = 0;

  const recordOf = (person: number, side: Side): string | undefined => {
    const ledger = ledgers[person];
    return ledger && recordsOf(twin, person, side, ledger.ids[side])[0];
  };

  function perform(deed: Deed): void {
    const ledger = ledgers[deed.person];
    const id = recordOf(deed.person, deed.side);
    if (!ledger || id === undefined) return;
    // Whoever takes away the only number that both know before anybody has seen it, has made two people of one.
    if (deed.what.act.endsWith("phone") && !linkedIn(events()).includes(id)) return;
    const before = shown(twin, deed.side, id);
    // GHL's app tells of every change; workflows tell of some of them once more.
    void tell(deed.told, () => act(twin, deed, id, { report: "both" })).catch(() => undefined);
    const after = shown(twin, deed.side, id);
    done += 1;
    note(() => `somebody: ${JSON.stringify(deed)}`);
    if (!after) ledger.gone.set(deed.side, id);
    else recent.push({ id, atMs: nowMs(), keys: enter(ledger, deed.side, before, after) });
    if (deed.told.length === 0) ledger.untold.add(deed.side);
  }

  /**
   * The vendors have no conditional edits: what somebody does between our read and our edit is undone by the edit, where it
   * has to send the same set or the name along. That is as if they had changed it back.
   */
  function overtaken({ contactId, readMs }: { contactId: string; readMs: number }): (() => void) | undefined {
    const keys = new Set(
      recent.flatMap(({ id, atMs, keys: changed }) => (id === contactId && atMs >= readMs ? [...changed] : [])),
    );
    if (keys.size === 0) return undefined;
    const side: Side = /^\d+$/.test(contactId) ? "cloudtalk" : "ghl";
    const ledger = ledgers.find(({ ids }) => ids[side].has(contactId));
    const only = (all: Shown | undefined) => new Map([...(all ?? [])].filter(([key]) => keys.has(key)));
    const before = only(shown(twin, side, contactId));
    return () => ledger && void enter(ledger, side, before, only(shown(twin, side, contactId)));
  }

  return {
    deeds: () => done,
    /** Who is there before Callbridge is. */
    begin: async (): Promise<void> => {
      defineFields(twin);
      for (const [person, start] of schedule.people.entries()) {
        for (const side of sides) {
          const [beginning, ledger] = [start[side], ledgers[person]];
          if (!beginning || !ledger) continue;
          const made = tell(beginningTold, () => begin(twin, person, side, beginning, { report: "both" }));
          const id = String(await made);
          ledger.ids[side].add(id);
          enter(ledger, side, undefined, shown(twin, side, id));
        }
        // What only one side holds in the beginning is nobody's removal on the other.
        for (const item of ledgers[person]?.items.values() ?? []) {
          for (const side of sides) if (item.since[side] === "") delete item.since[side];
        }
        ledgers[person]?.changes.clear();
      }
    },
    plan: (deed: Deed): void => {
      if (deed.during === undefined) perform(deed);
      else waiting.push(deed);
    },
    /** A request has reached a vendor: who waited for it is faster. */
    during: (port: string, edit?: { contactId: string; readMs: number }): (() => void) | undefined => {
      for (const deed of [...waiting]) {
        if (deed.during !== port) continue;
        waiting.splice(waiting.indexOf(deed), 1);
        perform(deed);
      }
      return edit && overtaken(edit);
    },
    finalHints: (): { endpoint: Endpoint; body: unknown }[] =>
      ledgers.flatMap((_, person) => [
        ...hint(recordOf(person, "cloudtalk"), "cloudtalk", (id) => ({
          event_type: "contact.updated",
          contact_id: Number(id),
        })),
        ...hint(recordOf(person, "ghl"), "ghl", (id) => ({ contact_id: id })),
      ]),
    stop: (): void => {
      waiting.length = 0;
    },
    allTold: (): void => {
      for (const { untold } of ledgers) untold.clear();
    },
    /** What is wrong, now that everything has come to rest. What is right is what the next deeds start from. */
    look: (events: readonly LogEvent[]): string[] =>
      ledgers.flatMap((ledger, person) => {
        const found = lookAt(ledger, person, twin, events);
        return found.map((line) => `person ${person}: ${line}`);
      }),
  };
}

const linkedIn = (events: readonly LogEvent[]): string[] =>
  events.flatMap(({ type, data }) => (type === "contact.linked" ? [data.cloudtalkContactId, data.ghlContactId] : []));

function hint(id: string | undefined, vendor: Side, bodyOf: (id: string) => unknown) {
  if (id === undefined) return [];
  const name = vendor === "ghl" ? "new-tag" : "contact-updated";
  return [{ endpoint: { path: `/${vendor}-webhooks/${name}`, vendor, name }, body: bodyOf(id) }];
}

function lookAt(ledger: Ledger, person: number, twin: TwinInProcess, events: readonly LogEvent[]): string[] {
  const records = {
    cloudtalk: recordsOf(twin, person, "cloudtalk", ledger.ids.cloudtalk),
    ghl: recordsOf(twin, person, "ghl", ledger.ids.ghl),
  };
  const many = sides.flatMap((side) =>
    records[side].length > 1 ? [`${records[side].length} records in ${side}: ${records[side]}`] : [],
  );
  const strangers = events.flatMap((event) => {
    if (event.type !== "contact.linked") return [];
    const { cloudtalkContactId, ghlContactId } = event.data;
    const [left, right] = [ledger.ids.cloudtalk.has(cloudtalkContactId), ledger.ids.ghl.has(ghlContactId)];
    return left === right ? [] : [`linked to a stranger: ${cloudtalkContactId} and ${ghlContactId}`];
  });
  const broken = [...many, ...strangers, ...tooMuch(ledger, events)];
  if (broken.length > 0 || ledger.untold.size > 0) return broken;
  const linked = linkedIn(events);
  if (ledger.gone.size > 0) {
    // Nobody makes a record anew whose counterpart is known; one that was never known leaves no trace.
    const anew = [...ledger.gone].filter(([side, id]) => linked.includes(id) && records[side].length > 0);
    return anew.map(([side]) => `made anew in ${side}`);
  }
  const [cloudtalkId, ghlId] = [records.cloudtalk[0], records.ghl[0]];
  const [cloudtalk, ghl] = [
    cloudtalkId === undefined ? undefined : shown(twin, "cloudtalk", cloudtalkId),
    ghlId === undefined ? undefined : shown(twin, "ghl", ghlId),
  ];
  if (!cloudtalk || !ghl) return [cloudtalk ? "no record in GHL" : "no record in CloudTalk"];
  if (!linked.includes(ghlId ?? "") || !linked.includes(cloudtalkId ?? "")) return ["not linked"];
  const found = wrong(ledger, { cloudtalk, ghl });
  if (found.length === 0) settle(ledger, { cloudtalk, ghl });
  return found;
}

/** Writes to this person's records that came off, for every kind: no more than changes, and one to begin with. */
function tooMuch(ledger: Ledger, events: readonly LogEvent[]): string[] {
  const counts = new Map<string, number>();
  for (const [name, { end }] of events.reduce(evolveEffects, new Map<string, Effect>())) {
    const [, side, id, part] = /^sync:(cloudtalk|ghl):([^:]+):([a-z]+):/.exec(name) ?? [];
    if (end !== "observed" || (side !== "cloudtalk" && side !== "ghl") || !ledger.ids[side].has(id ?? "")) continue;
    counts.set(`${side} ${part}`, (counts.get(`${side} ${part}`) ?? 0) + 1);
  }
  return [...counts].flatMap(([what, times]) => {
    const changes = ledger.changes.get(what.split(" ")[1] ?? "") ?? 0;
    return times > changes + 1 ? [`${times} writes of ${what} for ${changes} changes`] : [];
  });
}
