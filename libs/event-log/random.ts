import { randomBytes } from "node:crypto";
import { v7 } from "uuid";

/** Random bytes are fetched in blocks: asking the system for a few costs as much as sealing an event. */
const blockBytes = 4096;
let block = Buffer.alloc(0);

/** Bytes of the system's generator; none is given out twice. */
export function random(bytes: number): Buffer {
  if (block.length < bytes) block = randomBytes(blockBytes);
  const taken = block.subarray(0, bytes);
  block = block.subarray(bytes);
  return taken;
}

let last = { ms: 0, seq: 0 };

/** A UUIDv7. Those of one process sort in the order they were made. */
export function newId(): string {
  const bytes = random(16);
  const now = Date.now();
  // Begins low enough in each millisecond to count on from there.
  last = now > last.ms ? { ms: now, seq: bytes.readUInt32BE(6) >>> 1 } : { ms: last.ms, seq: last.seq + 1 };
  return v7({ random: bytes, msecs: last.ms, seq: last.seq });
}
