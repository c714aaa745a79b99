import { unlinksOf } from "@callbridge/events";
import pg from "pg";
import { type Append, type Appended, EventTooLarge } from "./append.ts";

type Waiting = { request: Append; resolve: (answer: Appended) => void; reject: (error: unknown) => void };

/** A batch has one time, from which repeats are told. What comes out of the spool keeps its own. */
const apartMsMax = 1_000;
/** Bodies of at most 1 MiB, events of at most 64 KiB: even the largest batch stays below what PostgreSQL takes as one value. */
const requestsMax = 64;
const eventsMax = 1_000;
/** While PostgreSQL commits one batch the next is sealed and sent; it then waits for the lock and not for us. */
const underWayMax = 2;

/**
 * Appends that come while others are being committed are committed together: one lock and one flush of the disk for all of
 * them. Nothing waits when nothing is under way. A batch that the log refuses is repeated one by one, so that a bad request
 * is refused alone; when the log cannot be reached all of the batch are told so.
 */
export function batched(append: (requests: Append[]) => Promise<Appended[]>): (request: Append) => Promise<Appended> {
  const waiting: Waiting[] = [];
  let underWay = 0;

  return (request) => {
    if (!isIndependent(request)) return alone(request);
    return new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      if (underWay < underWayMax) void commitAll();
    });
  };

  async function commitAll(): Promise<void> {
    underWay += 1;
    while (waiting.length > 0) await commit(waiting.splice(0, countOfBatch(waiting)));
    underWay -= 1;
  }

  async function commit(batch: Waiting[]): Promise<void> {
    try {
      const answers = await append(batch.map(({ request }) => request));
      for (const [place, answer] of answers.entries()) batch[place]?.resolve(answer);
    } catch (error) {
      const isRefused = error instanceof pg.DatabaseError || error instanceof EventTooLarge;
      if (!isRefused || batch.length === 1) for (const { reject } of batch) reject(error);
      else await Promise.all(batch.map(({ request, resolve, reject }) => alone(request).then(resolve, reject)));
    }
  }

  async function alone(request: Append): Promise<Appended> {
    const [answer] = await append([request]);
    if (!answer) throw new Error("the log gave no answer");
    return answer;
  }
}

function countOfBatch([first, ...others]: Waiting[]): number {
  let events = first?.request.events?.length ?? 0;
  let count = 1;
  for (const { request } of others.slice(0, requestsMax - 1)) {
    events += request.events?.length ?? 0;
    if (events > eventsMax || Math.abs(request.now.getTime() - Number(first?.request.now)) > apartMsMax) break;
    count += 1;
  }
  return count;
}

/** Nothing in it depends on what somebody read before or on the order of links, so its neighbours cannot matter. */
function isIndependent({ expect, due, events = [] }: Append): boolean {
  return !expect?.length && !due?.length && events.every(({ event }) => unlinksOf(event.type, event.data).length === 0);
}
