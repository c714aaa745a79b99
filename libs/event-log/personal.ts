import { sql } from "kysely";
import { v7 as uuidv7 } from "uuid";
import type { Database } from "./database.ts";
import { type Keyring, open, type StreamKey, seal } from "./keyring.ts";

/** Enough for the calls of a busy day; a key that fell out is read again (or, for writing, a new one is made). */
const cachedKeysMax = 20_000;

type Sealed = { personal: Buffer; keyId: string };

/**
 * Personal data of streams: sealed under a key per stream. A stream may have several keys, one for each process that wrote
 * to it first; that way no process ever waits for another's key, and destroying a stream destroys all of them.
 */
export type Personal = {
  /** `context` is the id of what is sealed; the same one opens it. */
  seal: (account: string, stream: string, context: string, value: unknown) => Sealed;
  /** Keys used by these that the log may not hold yet. */
  unsavedKeys: (keyIds: Iterable<string>) => { id: string; account: string; stream: string; wrapped: string }[];
  markSaved: (keyIds: Iterable<string>) => void;
  forget: (keyIds: Iterable<string>) => void;
  /** Makes the keys of these ids ready for `open`. */
  load: (keyIds: Iterable<string | null>) => Promise<void>;
  /** Undefined: the key was destroyed. Call `load` first. */
  open: (keyId: string, context: string, sealed: Buffer) => unknown;
  /** Destroys every key of the stream: its personal data is gone, in backups too. */
  destroy: (account: string, stream: string) => Promise<void>;
};

type Cached = StreamKey & { account: string; stream: string; saved: boolean };

export function createPersonal(db: Database, keyring: Keyring): Personal {
  const writing = new Map<string, Cached>();
  const byId = new Map<string, Cached>();
  const reading = new Map<string, Buffer | undefined>();

  const remember = <V>(cache: Map<string, V>, key: string, value: V) => {
    cache.set(key, value);
    const oldest = cache.size > cachedKeysMax ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
  };

  function keyFor(account: string, stream: string): Cached {
    const name = `${account}\n${stream}`;
    const cached = writing.get(name);
    if (cached) return cached;
    const fresh = { ...keyring.create(uuidv7()), account, stream, saved: false };
    remember(writing, name, fresh);
    remember(byId, fresh.id, fresh);
    return fresh;
  }

  return {
    seal: (account, stream, context, value) => {
      const key = keyFor(account, stream);
      return { personal: seal(key.key, Buffer.from(JSON.stringify(value)), context), keyId: key.id };
    },
    unsavedKeys: (keyIds) =>
      [...new Set(keyIds)].flatMap((id) => {
        const key = byId.get(id);
        if (!key || key.saved) return [];
        return [{ id, account: key.account, stream: key.stream, wrapped: key.wrapped.toString("base64") }];
      }),
    markSaved: (keyIds) => {
      for (const id of keyIds) {
        const key = byId.get(id);
        if (key) key.saved = true;
      }
    },
    forget: (keyIds) => {
      for (const id of keyIds) {
        const key = byId.get(id);
        if (key) writing.delete(`${key.account}\n${key.stream}`);
        byId.delete(id);
        reading.delete(id);
      }
    },
    load: async (keyIds) => {
      const missing = [...new Set(keyIds)].filter((id) => id !== null && !reading.has(id) && !byId.has(id));
      if (missing.length === 0) return;
      const rows = await sql<{ id: string; wrapped: Buffer | null }>`
        select id, wrapped from callbridge.stream_keys where id = any(${missing}::uuid[])`.execute(db);
      for (const { id, wrapped } of rows.rows) {
        remember(reading, id, wrapped === null ? undefined : keyring.unwrap(id, wrapped));
      }
    },
    open: (keyId, context, sealed) => {
      const key = reading.get(keyId) ?? byId.get(keyId)?.key;
      return key === undefined ? undefined : JSON.parse(open(key, sealed, context).toString());
    },
    destroy: async (account, stream) => {
      const rows = await sql<{ id: string }>`
        update callbridge.stream_keys set wrapped = null
        where account = ${account} and stream in (select callbridge.linked_streams(${account}, ${stream}))
        returning id`.execute(db);
      for (const { id } of rows.rows) reading.set(id, undefined);
    },
  };
}
