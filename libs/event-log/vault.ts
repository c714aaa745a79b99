import { createSecretKey } from "node:crypto";
import { sql } from "kysely";
import type { Database } from "./database.ts";
import { type Keyring, open, seal } from "./keyring.ts";

/** Secrets that somebody gives a running installation, such as a vendor's tokens: one per account and name, sealed. */
export type Vault = {
  /** Undefined: there is none. */
  read: (account: string, name: string) => Promise<unknown>;
  put: (account: string, name: string, secret: unknown, now: Date) => Promise<void>;
  /**
   * Changes a secret while nobody else can: its row stays locked as long as `change` works, and what that gives is
   * committed before anybody else reads it. Whoever waited is given the new one. Giving back the same object changes
   * nothing. Answers the secret as it is then; undefined: there is none, and `change` was not asked.
   */
  change: <T>(
    account: string,
    name: string,
    now: Date,
    change: (secret: unknown) => Promise<T>,
  ) => Promise<T | undefined>;
  /** False: there was none. */
  remove: (account: string, name: string) => Promise<boolean>;
};

/** Longer than the one request that is made under the lock (10 s), shorter than a query may take (30 s). */
const lockTimeoutMs = 20_000;
/** A paused process must not hold the row for ever: the server ends its transaction. */
const idleTimeoutMs = 25_000;

export function openVault(db: Database, keyring: Keyring): Vault {
  const key = createSecretKey(keyring.derive("vault"));
  const context = (account: string, name: string) => `${account}\n${name}`;
  const opened = (account: string, name: string, sealed: Buffer): unknown =>
    JSON.parse(open(key, sealed, context(account, name)).toString());
  const sealedOf = (account: string, name: string, secret: unknown) =>
    seal(key, Buffer.from(JSON.stringify(secret)), context(account, name));

  return {
    read: async (account, name) => {
      const { rows } = await sql<{ sealed: Buffer }>`
        select sealed from callbridge.vault where account = ${account} and name = ${name}`.execute(db);
      return rows[0] && opened(account, name, rows[0].sealed);
    },
    put: async (account, name, secret, now) => {
      await sql`
        insert into callbridge.vault (account, name, sealed, updated_at)
        values (${account}, ${name}, ${sealedOf(account, name, secret)}, ${now})
        on conflict (account, name) do update set sealed = excluded.sealed, updated_at = excluded.updated_at`.execute(
        db,
      );
    },
    change: (account, name, now, change) =>
      db.transaction().execute(async (transaction) => {
        await sql`
          select set_config('lock_timeout', ${`${lockTimeoutMs}`}, true),
            set_config('idle_in_transaction_session_timeout', ${`${idleTimeoutMs}`}, true)`.execute(transaction);
        const { rows } = await sql<{ sealed: Buffer }>`
          select sealed from callbridge.vault where account = ${account} and name = ${name} for update`.execute(
          transaction,
        );
        if (!rows[0]) return undefined;
        const secret = opened(account, name, rows[0].sealed);
        const changed = await change(secret);
        if (changed === secret) return changed;
        await sql`
          update callbridge.vault set sealed = ${sealedOf(account, name, changed)}, updated_at = ${now}
          where account = ${account} and name = ${name}`.execute(transaction);
        return changed;
      }),
    remove: async (account, name) => {
      const { rows } = await sql`
        delete from callbridge.vault where account = ${account} and name = ${name} returning name`.execute(db);
      return rows.length > 0;
    },
  };
}
