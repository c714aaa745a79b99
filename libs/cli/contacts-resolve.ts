import { type EventLog, newId, StreamMovedOn } from "@callbridge/event-log";
import { type CloudTalkContactId, type GhlContactId, stream } from "@callbridge/events";
import type { Asked, ReadModels } from "@callbridge/read-models";
import type { Fact } from "@callbridge/service";
import { type Answered, belongsTo, callBelongsTo, isNobody, isSomebodyElse, streamOf } from "./contact-answer.ts";
import type { CliDeps } from "./deps.ts";
import { CliError, UsageError } from "./errors.ts";
import { appendFacts } from "./facts.ts";
import { plural, print, printJson } from "./output.ts";

export type Opened = { log: EventLog; readModels: ReadModels; account: string };
export type ResolveOptions = { ghl?: string; none?: true; dryRun?: true; json?: true };

/** Calls that are appended in one transaction with the answer, or after it. */
const callsPerAppend = 100;
/** Somebody else may append to the same records meanwhile; then it is decided anew. */
const redecisionsMax = 5;

/** Appends a person's answer and, in the same transaction, gives the contact the calls that waited for it. */
export async function resolve(deps: CliDeps, opened: Opened, name: string, options: ResolveOptions): Promise<void> {
  const to = options.ghl as GhlContactId | undefined;
  if ((to === undefined) === (options.none === undefined)) throw new UsageError("Say --ghl <contact>, or --none.");
  if (to !== undefined && /^\d+$/.test(to)) throw new UsageError(`${to} is no id of a GoHighLevel contact.`);
  const asked = await askedBy(opened, name);
  const waiting = to === undefined ? [] : await opened.readModels.callsWaitingFor(opened.account, asked);
  const correlationId = `resolve:${newId()}`;

  let given = 0;
  let answer: Answered = { facts: [], words: [] };
  for (let start = 0; start === 0 || start < waiting.length; start += callsPerAppend) {
    const page = waiting.slice(start, start + callsPerAppend);
    const done = await decided(deps, opened, correlationId, options, async () => {
      const [record, contact] = [
        await load(opened, streamOf(asked)),
        to && (await load(opened, stream.ghlContact(to))),
      ];
      const situation = { asked, record: record.events, contact: contact ? contact.events : [] };
      const made = start > 0 ? { facts: [], words: [] } : to ? belongsTo(situation, to) : isNobody(situation);
      const calls = await Promise.all(page.map(({ subject }) => load(opened, subject)));
      const matches = calls.map(({ events }) => to && callBelongsTo(events, to)).filter((fact) => fact !== undefined);
      return { answer: made, matches, from: [record, ...(contact ? [contact] : []), ...calls] };
    });
    given += done.matches.length;
    if (start === 0) answer = done.answer;
  }
  report(deps, options, answer, given);
}

/** Parts two records for good: what is learnt of either from now on is not said of the other. */
export async function unlink(deps: CliDeps, opened: Opened, name: string, options: ResolveOptions): Promise<void> {
  const id = name.replace(/^contact:ct:/, "") as CloudTalkContactId;
  const { answer } = await decided(deps, opened, `unlink:${newId()}`, options, async () => {
    const record = await load(opened, stream.cloudtalkContact(id));
    return { answer: isSomebodyElse(record.events, id), matches: [], from: [record] };
  });
  report(deps, options, answer, 0);
}

type Loaded = Awaited<ReturnType<EventLog["stream"]>> & { name: string };
type Decided = { answer: Answered; matches: Fact[]; from: Loaded[] };

const load = async ({ log, account }: Opened, name: string): Promise<Loaded> => ({
  ...(await log.stream(account, name)),
  name,
});

/** Decides and appends, expecting that what was decided from has not moved on; else decides again. */
async function decided(
  { clock }: CliDeps,
  { log, account }: Opened,
  correlationId: string,
  { dryRun }: ResolveOptions,
  decide: () => Promise<Decided>,
): Promise<Decided> {
  for (let round = 0; round < redecisionsMax; round++) {
    const made = await decide();
    const facts = [...made.answer.facts, ...made.matches];
    if (dryRun || facts.length === 0) return made;
    const expect = made.from.map(({ name, position }) => ({ account, stream: name, position }));
    try {
      await appendFacts(log, clock(), { account, correlationId }, facts, expect);
      return made;
    } catch (error) {
      if (!(error instanceof StreamMovedOn)) throw error;
    }
  }
  throw new CliError("The records are being changed by others all the time. Nothing more was changed; try again.");
}

/** An id of a call stands for its caller. What may be both has to be named in full. */
async function askedBy({ log, readModels, account }: Opened, name: string): Promise<Asked> {
  const [, kind, id = name] = /^contact:(ct|ghl):(.+)$/.exec(name) ?? [];
  const found = kind ? [] : await readModels.findCalls(name.replace(/^call:[nu]:/, ""));
  const call = found.find(
    (one) =>
      one.account === account && [one.callId, one.callUuid].includes(name.replace(/^call:[nu]:/, "").toLowerCase()),
  );
  const isKnown = async (asked: Asked) =>
    (await log.stream(account, streamOf(asked))).events.length > 0 ||
    (await readModels.callsWaitingFor(account, asked)).length > 0;
  const mayBe = (one: "ct" | "ghl") =>
    kind === one || (!kind && !name.includes(":") && /^\d+$/.test(id) === (one === "ct"));
  const records: Asked[] = [];
  if (mayBe("ct") && (await isKnown({ cloudtalkContactId: id }))) records.push({ cloudtalkContactId: id });
  if (mayBe("ghl") && (await isKnown({ ghlContactId: id }))) records.push({ ghlContactId: id });
  const [record] = records;
  if (call && record) {
    throw new UsageError(`${name} is a call and a contact. Say call:n:${name} or contact:ct:${name}.`);
  }
  const asked = call ? await readModels.callerOf(call) : record;
  if (!asked) throw new CliError(`Nothing is known of ${name}: give the id of a CloudTalk contact or of a call.`);
  return asked;
}

function report(deps: CliDeps, { dryRun, json }: ResolveOptions, { facts, words }: Answered, calls: number): void {
  if (json) {
    const events = facts.map(({ type, data }) => ({ type, data }));
    printJson(deps, { dryRun: dryRun === true, events, calls });
    return;
  }
  const given = `Give ${plural(calls, "call")} that waited to the contact; the running services note them.`;
  const end = dryRun ? "Nothing was changed (--dry-run)." : "Done.";
  const isNothing = facts.length + calls === 0;
  print(deps, [...words, ...(calls > 0 ? [given] : []), isNothing ? "Nothing to do." : end].join("\n"));
}
