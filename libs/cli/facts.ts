import { setTimeout as wait } from "node:timers/promises";
import type { Append, EventLog } from "@callbridge/event-log";
import { type LogEvent, stream } from "@callbridge/events";
import type { Fact } from "@callbridge/service";
import type { CliDeps } from "./deps.ts";

const pollMs = 500;

type Cause = { account: string; correlationId: string; causationId?: string };

/** Appends what a person said or asked for. True: at least one of the facts is new. */
export async function appendFacts(
  log: Pick<EventLog, "append">,
  now: Date,
  { account, ...cause }: Cause,
  facts: readonly Fact[],
  expect?: Append["expect"],
): Promise<boolean> {
  const { events } = await log.append({
    now,
    events: facts.map((fact) => ({ account, event: { time: now.toISOString(), ...fact, source: "cli" }, cause })),
    ...(expect && { expect }),
  });
  return events.some(({ added }) => added);
}

/** The events of an account itself: what was asked for, and what came of it. */
export const eventsOfAccount = async (log: Pick<EventLog, "stream">, account: string): Promise<readonly LogEvent[]> =>
  (await log.stream(account, stream.account(account))).events;

/** Before what was asked for is looked at again. Ctrl+C ends it. */
export const aMoment = ({ signal }: CliDeps) => wait(pollMs, undefined, { signal }).catch(() => undefined);
