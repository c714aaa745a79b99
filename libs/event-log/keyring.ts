import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { random } from "./random.ts";

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * A stream's key in the clear, with its wrapped form for the log. A key object and not its bytes, because Node needs 15 µs
 * more for every use of bytes.
 */
export type StreamKey = { id: string; key: KeyObject; wrapped: Buffer };

export type Keyring = {
  /** A fresh key for a stream, wrapped by the data key. */
  create: (id: string) => StreamKey;
  unwrap: (id: string, wrapped: Buffer) => KeyObject;
  /** Keyed hash (hex, 128 bit) of a text, different for every account: for keys, names and look-ups of personal data. */
  hash: (account: string, text: string) => string;
  /** A key of its own for another purpose (storage, links), derived from the data key. */
  derive: (purpose: string) => Buffer;
};

/** `dataKey`: 32 random bytes in base64 (`DATA_KEY`). Throws when it is anything else. */
export function createKeyring(dataKey: string): Keyring {
  const root = Buffer.from(dataKey, "base64");
  if (root.length !== keyBytes) {
    throw new Error("DATA_KEY must be 32 bytes in base64: create one with `openssl rand -base64 32`");
  }
  const derive = (purpose: string) => Buffer.from(hkdfSync("sha256", root, "", `callbridge:${purpose}`, keyBytes));
  const wrappingKey = createSecretKey(derive("wrap"));
  const hashKeys = new Map<string, KeyObject>();
  return {
    create: (id) => {
      const key = random(keyBytes);
      return { id, key: createSecretKey(key), wrapped: seal(wrappingKey, key, id) };
    },
    unwrap: (id, wrapped) => createSecretKey(open(wrappingKey, wrapped, id)),
    hash: (account, text) => {
      const key = hashKeys.get(account) ?? createSecretKey(derive(`hash:${account}`));
      hashKeys.set(account, key);
      return createHmac("sha256", key).update(text).digest("hex").slice(0, 32);
    },
    derive,
  };
}

/** AES-256-GCM: nonce, tag, ciphertext. `context` (an event's or key's id) is authenticated, so parts cannot be swapped. */
export function seal(key: KeyObject, plain: Buffer, context: string): Buffer {
  const nonce = random(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
  const sealed = [cipher.update(plain), cipher.final()];
  return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]);
}

/** Throws when the key is wrong or a byte was changed. */
export function open(key: KeyObject, sealed: Buffer, context: string): Buffer {
  const nonce = sealed.subarray(0, nonceBytes);
  // Without its length a cut-off tag would do.
  const options = { authTagLength: tagBytes };
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, options).setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  const plain = decipher.update(sealed.subarray(nonceBytes + tagBytes));
  decipher.final();
  return plain;
}
