import { setTimeout as wait } from "node:timers/promises";
import type { BadEnd, DeadFilter, EventLog } from "@callbridge/event-log";
import { type Effect, evolveEffects } from "@callbridge/events";
import type { RedriveOptions } from "./dead.ts";
import type { CliDeps } from "./deps.ts";
import { CliError } from "./errors.ts";
import { appendFacts } from "./facts.ts";
import { plural, print, printJson } from "./output.ts";
import { startProgress } from "./progress.ts";
import { shortTime, table } from "./table.ts";

/** What is intended anew in one go, so that a person sees what it does before the next. */
const limitByDefault = 1_000;
/** The catalogue's limit for the name of an effect. */
const effectLengthMax = 200;

type Plan = { write: BadEnd; anew: string; effect: Effect } | { write: BadEnd; leave: string };

export function badEndRows(writes: readonly BadEnd[], width: number | undefined): string {
  const rows = writes.map(({ id, kind, end, consumer, position, endedAt, effect, because }) => [
    ...[id, kind, end, consumer, String(position), shortTime(endedAt), effect, because],
  ]);
  return table(["id", "write", "end", "service", "position", "ended", "effect", "because"], rows, width);
}

/**
 * Intends writes anew as `<effect>:redrive:<n>`: the service that executes its kind does the rest, in its turn on the
 * target and superseded by newer writes as any other. Nothing is written twice: a refused write surely did not happen,
 * the name can be intended once, and writes that may have happened are left alone unless doubles are accepted.
 */
export async function redriveWrites(
  deps: CliDeps,
  log: EventLog,
  filter: DeadFilter,
  options: RedriveOptions,
): Promise<void> {
  const writes = await log.badEnds(filter, 0, options.limit ?? limitByDefault);
  if (writes.length === 0 && filter.ids?.length)
    throw new CliError("No write that ended badly has such an id (any more).");
  const plans: Plan[] = [];
  for (const write of writes) plans.push(await plan(log, write, options.acceptDouble === true));
  const wanted = plans.filter((one) => "anew" in one);
  if (!options.json) {
    const rows = plans.map((one) => [one.write.id, one.write.kind, one.write.end, what(one)]);
    if (rows.length > 0) print(deps, table(["id", "write", "end", "plan"], rows, deps.stdout.columns));
    print(deps, `${plural(wanted.length, "write")} to intend anew, ${plans.length - wanted.length} left alone.`);
  }
  const intended = options.dryRun ? 0 : await intendAll(deps, log, wanted, options.rate);
  if (options.json) {
    const shown = plans.map((one) => ({ ...one.write, plan: what(one) }));
    return printJson(deps, {
      dryRun: options.dryRun === true,
      writes: shown,
      total: wanted.length,
      redriven: intended,
    });
  }
  print(deps, options.dryRun ? "Nothing was changed (--dry-run)." : `${plural(intended, "write")} intended anew.`);
}

const what = (one: Plan) => ("anew" in one ? `intend ${one.anew}` : `leave: ${one.leave}`);

async function plan(log: EventLog, write: BadEnd, acceptDouble: boolean): Promise<Plan> {
  if (write.end === "unknown" && !acceptDouble)
    return { write, leave: "it may have happened; --accept-double does it anyway" };
  const history = (await log.target(write.account, write.target)).reduce(evolveEffects, new Map<string, Effect>());
  const effect = history.get(write.effect);
  if (!effect?.input) return { write, leave: "its personal data was erased" };
  const [, family = write.effect, number = "0"] = /^(.*?)(?::redrive:(\d+))?$/.exec(write.effect) ?? [];
  const anew = `${family}:redrive:${Number(number) + 1}`;
  return anew.length > effectLengthMax ? { write, leave: "its name would be too long" } : { write, anew, effect };
}

async function intendAll(
  deps: CliDeps,
  log: EventLog,
  plans: readonly Extract<Plan, { anew: string }>[],
  rate: number,
): Promise<number> {
  const progress = startProgress(deps, plans.length, "writes");
  let intended = 0;
  for (const [index, one] of plans.entries()) {
    if (index > 0) await wait(1000 / rate, undefined, { signal: deps.signal }).catch(() => undefined);
    if (deps.signal.aborted)
      throw new CliError(`Interrupted after ${intended}: the same command goes on with the rest.`);
    if (await intend(log, one, deps.clock())) intended += 1;
    progress.add(1);
  }
  progress.stop();
  return intended;
}

/** False: somebody else intended it at the same time. */
async function intend(
  log: EventLog,
  { write, anew, effect }: Extract<Plan, { anew: string }>,
  now: Date,
): Promise<boolean> {
  const { kind, target, revision, stream, input } = effect;
  const { account, correlationId, eventId: causationId } = write;
  const data = { effect: anew, kind, target, revision };
  return await appendFacts(log, now, { account, correlationId, causationId }, [
    { type: "effect.intended", stream, key: { fact: `effect:${anew}/intended` }, data, personal: { input } },
  ]);
}
