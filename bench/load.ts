import { fork } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";

/** What to send: every request is another call, because a repeated webhook would be a duplicate and cost less. */
export type Load = {
  url: string;
  headers: Record<string, string>;
  connections: number;
  seconds: number;
  /** Requests per second over all connections; absent: as many as are answered. */
  rate?: number | undefined;
  /** Tells the calls of one load from those of another. */
  name: string;
};
export type LoadResult = { answered: number; perSecond: number; p50: number; p99: number; failed: number };

/** Sends from a process of its own, which does not share an event loop with the server. */
export async function sendLoad(load: Load): Promise<LoadResult> {
  const child = fork(import.meta.filename, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  child.send(load);
  const [answer] = await once(child, "message");
  await once(child, "exit");
  return answer;
}

async function send({ url, headers, connections, seconds, rate, name }: Load): Promise<LoadResult> {
  let call = 0;
  const {
    requests,
    latency,
    errors,
    timeouts,
    non2xx,
    duration,
    "2xx": answered,
  } = await autocannon({
    url,
    connections,
    duration: seconds,
    ...(rate && { overallRate: rate }),
    method: "POST",
    headers: { ...headers, "content-type": "application/json", "user-agent": "cloudtalk-workflow-automation" },
    requests: [{ setupRequest: (request) => ({ ...request, body: callEnded(name, ++call) }) }],
  });
  return {
    answered: answered,
    perSecond: answered / duration,
    p50: latency.p50,
    p99: latency.p99,
    failed: errors + timeouts + non2xx + (requests.total === 0 ? 1 : 0),
  };
}

/**
 * A finished call as a careful operator's automation reports it (fixtures: call-ended, rich template). A number comes in
 * four webhooks, as those of a call do.
 */
const callEnded = (load: string, call: number) =>
  `{"call_uuid":"${load}-${call}","internal_number":390600000001,"external_number":"3930000${10_000 + (Math.floor(call / 4) % 90_000)}",` +
  '"agent_id":400001,"agent_first_name":"Ada","agent_last_name":"Example","talking_time":45,"waiting_time":12}';

if (import.meta.main) {
  process.once("message", async (load: Load) => {
    process.send?.(await send(load), undefined, undefined, () => process.disconnect());
  });
}
