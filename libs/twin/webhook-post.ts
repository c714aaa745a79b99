import type { World } from "./world.ts";

/** What became of one webhook; status 0 where nobody answered, with the reason as body. */
export type Sent = { path: string; status: number; body: unknown; payload: unknown };

/** Posts to Callbridge; without a target the webhook is only built, as at a customer who has not set one up. */
export async function post(
  world: World,
  path: string,
  payload: unknown,
  headers: Record<string, string>,
): Promise<Sent> {
  return postRaw(world, path, payload, JSON.stringify(payload), headers);
}

/** The same for a body that is signed and must therefore go out byte by byte as given. */
export async function postRaw(
  world: World,
  path: string,
  payload: unknown,
  raw: string,
  headers: Record<string, string>,
): Promise<Sent> {
  const { webhookTarget, webhookTimeoutMs } = world.settings;
  if (webhookTarget === null) return { path, status: 0, body: "no webhookTarget is set", payload };
  try {
    const all = { "content-type": "application/json", ...headers };
    const byNetwork = () =>
      fetch(addressOf(webhookTarget, path), {
        method: "POST",
        headers: all,
        body: raw,
        signal: AbortSignal.timeout(webhookTimeoutMs),
      });
    const answer = await (world.send ? world.send(path, raw, all) : byNetwork());
    return { path, status: answer.status, body: parsed(await answer.text()), payload };
  } catch (cause) {
    // A receiver that is down is a result, not an error: senders of webhooks only note it.
    return { path, status: 0, body: cause instanceof Error ? cause.message : String(cause), payload };
  }
}

/** Callbridge's addresses all begin with /api, and those of an account with /api/a/<account>. */
function addressOf(target: string, path: string): string {
  const base = target.replace(/\/$/, "");
  return base + (base.includes("/api/a/") ? path.replace(/^\/api/, "") : path);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
