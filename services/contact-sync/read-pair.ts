import type { EventLog } from "@callbridge/event-log";
import { foldPair, type Pair } from "./pair.ts";

/** The pair that a record, named by its stream, belongs to, as the log knows it now. */
export async function readPair(log: Pick<EventLog, "stream">, account: string, name: string): Promise<Pair> {
  return foldPair((await log.stream(account, name)).events);
}
