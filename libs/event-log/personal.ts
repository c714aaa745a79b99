import type { KeyObject } from "node:crypto";
import { sql } from "kysely";
import type { Database } from "./database.ts";
import { type Keyring, open, type StreamKey, seal } from "./keyring.ts";
import { newId } from "./random.ts";

/** Enough for the calls of a busy day, twice; for a stream whose key fell out a new one is made. */
const generationKeysMax = 10_000;

type Sealed = { sealed: Buffer; keyId: string };

/**
 * Personal data of streams: sealed under a key per stream. A stream may have several keys, one for each process that wrote
 * to it first; that way no process ever waits for another's key, and destroying a stream destroys all of them.
 */
export type Personal = {
  /** `text` is JSON. `context` is the id of what is sealed; the same one opens it. */
  seal: (account: string, stream: string, context: string, text: string) => Sealed;
  /** Keys used by these that the log may not hold yet. */
  unsavedKeys: (keyIds: Iterable<string>) => { id: string; account: string; stream: string; wrapped: Buffer }[];
  markSaved: (keyIds: Iterable<string>) => void;
  forget: (keyIds: Iterable<string>) => void;
  /**
   * Opens what was sealed, with the wrapped key as the log has it now. Keys are never kept for reading: a destroyed one
   * has to be gone for every process at once. `unwrapped` keeps them for the rows of one query, where a stream's events
   * lie close together. Undefined: it was destroyed.
   */
  open: (
    keyId: string,
    wrapped: Buffer | null,
    context: string,
    sealed: Buffer,
    unwrapped?: Map<string, KeyObject>,
  ) => unknown;
  /** Destroys every key of the stream: its personal data is gone, in backups too. */
  destroy: (account: string, stream: string) => Promise<void>;
};

type Cached = StreamKey & { account: string; stream: string; saved: boolean };

export function createPersonal(db: Database, keyring: Keyring): Personal {
  // Two generations: what was used lately moves to the young one, and the old one is dropped as a whole.
  let young = generation();
  let old = generation();

  function keyFor(account: string, stream: string): Cached {
    const name = nameOf(account, stream);
    const cached = young.byStream.get(name);
    if (cached) return cached;
    const key = old.byStream.get(name) ?? { ...keyring.create(newId()), account, stream, saved: false };
    if (young.byId.size >= generationKeysMax) [old, young] = [young, generation()];
    young.byStream.set(name, key);
    young.byId.set(key.id, key);
    return key;
  }

  const keyOf = (id: string) => young.byId.get(id) ?? old.byId.get(id);

  function forget(keyIds: Iterable<string>): void {
    for (const id of keyIds) {
      const key = keyOf(id);
      for (const { byStream, byId } of [young, old]) {
        if (key) byStream.delete(nameOf(key.account, key.stream));
        byId.delete(id);
      }
    }
  }

  return {
    seal: (account, stream, context, text) => {
      const key = keyFor(account, stream);
      return { sealed: seal(key.key, Buffer.from(text), context), keyId: key.id };
    },
    unsavedKeys: (keyIds) =>
      [...new Set(keyIds)].flatMap((id) => {
        const key = keyOf(id);
        if (!key || key.saved) return [];
        return [{ id, account: key.account, stream: key.stream, wrapped: key.wrapped }];
      }),
    markSaved: (keyIds) => {
      for (const id of keyIds) {
        const key = keyOf(id);
        if (key) key.saved = true;
      }
    },
    forget,
    open: (keyId, wrapped, context, sealed, unwrapped) => {
      if (wrapped === null) return undefined;
      const key = unwrapped?.get(keyId) ?? keyring.unwrap(keyId, wrapped);
      unwrapped?.set(keyId, key);
      return JSON.parse(open(key, sealed, context).toString());
    },
    destroy: async (account, stream) => {
      const destroyed = await sql<{ id: string }>`
        update callbridge.stream_keys set wrapped = null
        where account = ${account} and stream in (select callbridge.linked_streams(${account}, ${stream}))
        returning id`.execute(db);
      forget(destroyed.rows.map(({ id }) => id));
    },
  };
}

const generation = () => ({ byStream: new Map<string, Cached>(), byId: new Map<string, Cached>() });
const nameOf = (account: string, stream: string) => `${account}\n${stream}`;
