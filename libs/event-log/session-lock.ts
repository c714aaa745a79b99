import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";

/** The server ends the session of a holder that is silent this long, so a paused process loses the lock by itself. */
const idleTimeoutMs = 4_000;
const pingMs = 1_000;
const retryMs = 1_000;

export type SessionLock = {
  /** Aborted when the session, and with it the lock, is gone. */
  lost: AbortSignal;
  release: () => Promise<void>;
};

/** An advisory lock on a connection of its own. */
export async function lockSession(url: string, name: string, signal: AbortSignal): Promise<SessionLock | undefined> {
  while (!signal.aborted) {
    const lock = await tryLock(url, name);
    if (lock) return lock;
    await wait(retryMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

async function tryLock(url: string, name: string): Promise<SessionLock | undefined> {
  // A query that is not answered in time counts as lost: behind a dead network the server ends the session and gives the
  // lock to somebody else, and no error ever reaches this side.
  const limits = { connectionTimeoutMillis: idleTimeoutMs, query_timeout: idleTimeoutMs };
  const client = new pg.Client({ connectionString: url, application_name: name, ...limits });
  const lost = new AbortController();
  client.on("error", () => lost.abort());
  client.on("end", () => lost.abort());
  const end = () => client.end().catch(() => undefined);
  let held = false;
  try {
    await client.connect();
    await client.query(`set idle_session_timeout = ${idleTimeoutMs}`);
    const answer = await client.query<{ held: boolean }>("select pg_try_advisory_lock(hashtext($1)) as held", [name]);
    held = answer.rows[0]?.held === true;
  } finally {
    if (!held) await end();
  }
  if (!held) return undefined;
  const ping = setInterval(() => client.query("select 1").catch(() => lost.abort()), pingMs);
  lost.signal.addEventListener("abort", () => clearInterval(ping), { once: true });
  return {
    lost: lost.signal,
    release: async () => {
      clearInterval(ping);
      await end();
    },
  };
}
