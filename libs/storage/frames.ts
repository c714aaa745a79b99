import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { StorageError } from "./errors.ts";

/*
 * An object on disk: header (magic, salt, nonce prefix), then frames of 64 KiB, each AES-256-GCM with its tag behind it;
 * the last may be shorter. The nonce is prefix + frame number + "this is the last", so a frame that was moved, repeated or
 * left out does not decrypt, nor does the rest of an object whose end was cut off (the STREAM construction of Hoang,
 * Reyhanitabar, Rogaway and Vizár, 2015). The key is derived from the master key, the salt and the ref: every object has
 * its own, and objects that trade places do not decrypt either.
 */

export const frameBytes = 64 * 1024;
const magic = Buffer.from("CBO1");
const saltBytes = 32;
const prefixBytes = 7;
const tagBytes = 16;
export const headerBytes = magic.length + saltBytes + prefixBytes;

export type Frames = {
  header: Buffer;
  seal: (plain: Uint8Array, index: number, last: boolean) => Buffer;
  /** Throws `StorageError` "damaged" when the frame is not the one that was sealed at this place. */
  open: (sealed: Buffer, index: number, last: boolean) => Buffer;
};

export function newFrames(master: Buffer, ref: string): Frames {
  return framesOf(master, ref, Buffer.concat([magic, randomBytes(saltBytes + prefixBytes)]));
}

export function framesOf(master: Buffer, ref: string, header: Buffer): Frames {
  if (header.length !== headerBytes || !header.subarray(0, magic.length).equals(magic)) throw damaged();
  const salt = header.subarray(magic.length, magic.length + saltBytes);
  const prefix = header.subarray(magic.length + saltBytes);
  const key = Buffer.from(hkdfSync("sha256", master, salt, `callbridge object 1 ${ref}`, 32));

  const nonceOf = (index: number, last: boolean) => {
    const counter = Buffer.alloc(5);
    counter.writeUInt32BE(index);
    counter.writeUInt8(last ? 1 : 0, 4);
    return Buffer.concat([prefix, counter]);
  };

  return {
    header,
    seal: (plain, index, last) => {
      const cipher = createCipheriv("aes-256-gcm", key, nonceOf(index, last), { authTagLength: tagBytes });
      return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open: (sealed, index, last) => {
      if (sealed.length < tagBytes) throw damaged();
      const body = sealed.subarray(0, -tagBytes);
      const cipher = createDecipheriv("aes-256-gcm", key, nonceOf(index, last), { authTagLength: tagBytes });
      cipher.setAuthTag(sealed.subarray(-tagBytes));
      try {
        return Buffer.concat([cipher.update(body), cipher.final()]);
      } catch (cause) {
        throw damaged(cause);
      }
    },
  };
}

/** How many frames an object has and how many plain bytes, from the size of its file. An empty object is one empty frame. */
export function layoutOf(fileBytes: number): { frames: number; bytes: number } {
  const sealedBytes = fileBytes - headerBytes;
  const frames = Math.ceil(sealedBytes / (frameBytes + tagBytes));
  const bytes = sealedBytes - frames * tagBytes;
  // Only an object of a single frame may end in an empty one, and no frame is shorter than its tag.
  if (frames < 1 || bytes < 0 || (frames > 1 && bytes <= (frames - 1) * frameBytes)) throw damaged();
  return { frames, bytes };
}

/** Where frame `index` lies in the file. The last frame of an object may end earlier. */
export function placeOf(index: number): { start: number; bytes: number } {
  return { start: headerBytes + index * (frameBytes + tagBytes), bytes: frameBytes + tagBytes };
}

function damaged(cause?: unknown): StorageError {
  return new StorageError("damaged", "the object is damaged, or was written with another key", { cause });
}
