import pg from "pg";
import { type Append, type Appended, EventTooLarge } from "./append.ts";

type AppendCall = (request: Append) => Promise<Appended>;
type Waiting = { request: Append; resolve: (answer: Appended) => void; reject: (error: unknown) => void };

/** A batch has one time, from which repeats are told. What comes out of the spool keeps its own. */
const apartMsMax = 1_000;
/** Bodies of at most 1 MiB: even the largest batch stays below what PostgreSQL takes as one value. */
const deliveriesMax = 64;

/**
 * Webhooks that come while others are being committed are appended together: one lock and one flush of the disk for all
 * of them. Nothing waits when nothing is under way. A batch that the log refuses is repeated one by one, so that a bad
 * delivery is refused alone; when the log cannot be reached all of the batch are told so.
 */
export function batched(append: AppendCall): AppendCall {
  const waiting: Waiting[] = [];
  let isBusy = false;

  return (request) => {
    if (!isDelivery(request)) return append(request);
    return new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      if (!isBusy) void commitAll();
    });
  };

  async function commitAll(): Promise<void> {
    isBusy = true;
    while (waiting.length > 0) await commit(waiting.splice(0, countOfOneTime(waiting)));
    isBusy = false;
  }

  async function commit(batch: Waiting[]): Promise<void> {
    const [first] = batch;
    if (first && batch.length === 1) return append(first.request).then(first.resolve, first.reject);
    try {
      const answer = await append(together(batch));
      for (const { request, resolve } of batch) resolve(partOf(answer, request));
    } catch (error) {
      const isRefused = error instanceof pg.DatabaseError || error instanceof EventTooLarge;
      if (!isRefused) for (const { reject } of batch) reject(error);
      else await Promise.all(batch.map(({ request, resolve, reject }) => append(request).then(resolve, reject)));
    }
  }
}

function countOfOneTime([first, ...others]: Waiting[]): number {
  const isFar = ({ request }: Waiting) => Math.abs(request.now.getTime() - Number(first?.request.now)) > apartMsMax;
  const far = others.slice(0, deliveriesMax - 1).findIndex(isFar);
  return far === -1 ? deliveriesMax : far + 1;
}

/** One webhook with what it brought: nothing in it depends on what somebody read before, so its neighbours cannot matter. */
function isDelivery({ deliveries, events = [], expect, due }: Append): boolean {
  const [delivery, ...others] = deliveries ?? [];
  return (
    delivery !== undefined &&
    others.length === 0 &&
    !expect?.length &&
    !due?.length &&
    events.every((event) => event.delivery === delivery.id)
  );
}

function together(batch: Waiting[]): Append {
  const requests = batch.map(({ request }) => request);
  return {
    now: new Date(Math.max(...requests.map(({ now }) => now.getTime()))),
    deliveries: requests.flatMap(({ deliveries }) => deliveries ?? []),
    events: requests.flatMap(({ events }) => events ?? []),
  };
}

function partOf({ events, verdicts }: Appended, { deliveries }: Append): Appended {
  const id = deliveries?.[0]?.id ?? "";
  const verdict = verdicts?.[id];
  return {
    events: events.filter(({ delivery }) => delivery === id),
    verdicts: verdict === undefined ? null : { [id]: verdict },
  };
}
