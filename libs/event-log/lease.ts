import { sql } from "kysely";
import type { Database } from "./database.ts";

/** How long a lease lives without renewal; a dead owner's work is taken over after that. */
export const leaseMs = 30_000;

/** Takes or renews a lease. False: somebody else holds it. */
export async function takeLease(db: Database, key: string, owner: string, now: Date): Promise<boolean> {
  const until = new Date(now.getTime() + leaseMs);
  const rows = await sql`
    insert into callbridge.leases (key, owner, until) values (${key}, ${owner}, ${until})
    on conflict (key) do update set owner = excluded.owner, until = excluded.until
    where callbridge.leases.owner = excluded.owner or callbridge.leases.until <= ${now}
    returning key`.execute(db);
  return rows.rows.length > 0;
}

export async function releaseLease(db: Database, key: string, owner: string): Promise<void> {
  await db.deleteFrom("callbridge.leases").where("key", "=", key).where("owner", "=", owner).execute();
}
