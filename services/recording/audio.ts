import { Readable } from "node:stream";
import { type Storage, StorageError } from "@callbridge/storage";
import { fileTypeFromBuffer } from "file-type";
import { parseStream } from "music-metadata";

export type AudioFacts = { durationSeconds?: number | undefined; channels?: number | undefined };

/** By the content's own marks. The container names differ from the types that players and speech services know. */
const mediaTypes = new Map([
  ["wav", "audio/wav"],
  ["mp3", "audio/mpeg"],
  ["ogg", "audio/ogg"],
  ["oga", "audio/ogg"],
  ["opus", "audio/ogg"],
  ["spx", "audio/ogg"],
  ["m4a", "audio/mp4"],
  ["mp4", "audio/mp4"],
  ["webm", "audio/webm"],
]);
const wavHeadBytes = 64 * 1024;

/** What the bytes are, from the first of them; undefined when they are not audio that we know. Headers are not asked. */
export async function mediaTypeOf(head: Uint8Array): Promise<string | undefined> {
  const found = await fileTypeFromBuffer(head);
  return found && mediaTypes.get(found.ext);
}

/**
 * Duration and channels of a stored recording, read as a stream. What cannot be told stays absent: a strange file is still
 * a recording. Throws when the storage fails or `signal` ends.
 */
export async function describeAudio(
  storage: Storage,
  { ref, bytes, mediaType }: { ref: string; bytes: number; mediaType: string },
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<AudioFacts> {
  if (mediaType === "audio/wav") {
    const head: Buffer[] = [];
    for await (const part of storage.read(ref, { end: wavHeadBytes })) head.push(part);
    return wavFacts(Buffer.concat(head), bytes);
  }
  const both = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  // The parser counts bytes, so the stream must not be one of objects, which is the default here.
  const content = Readable.from(storage.read(ref), { signal: both, objectMode: false });
  try {
    const { format } = await parseStream(
      content,
      { mimeType: mediaType, size: bytes },
      { duration: true, skipCovers: true },
    );
    return { durationSeconds: format.duration, channels: format.numberOfChannels };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StorageError) throw error;
    return {};
  } finally {
    content.destroy();
  }
}

/**
 * Read by ourselves because CloudTalk streams its WAV (`facts/cloudtalk.md` §0.14): whoever writes a header before the
 * audio is over leaves 0 or 0xFFFFFFFF as length, and the parsers then tell nonsense or nothing. Where the declared length
 * cannot be true, the rest of the file is the audio.
 */
export function wavFacts(head: Buffer, bytes: number): AudioFacts {
  let channels: number | undefined;
  let bytesPerSecond = 0;
  for (let at = 12; at + 8 <= head.length; ) {
    const name = head.toString("latin1", at, at + 4);
    const declared = head.readUInt32LE(at + 4);
    const content = at + 8;
    if (name === "fmt " && content + 16 <= head.length) {
      channels = head.readUInt16LE(content + 2) || undefined;
      bytesPerSecond = head.readUInt32LE(content + 8);
    }
    if (name === "data") {
      const rest = Math.max(bytes - content, 0);
      const audioBytes = declared > 0 && declared <= rest ? declared : rest;
      return { channels, durationSeconds: bytesPerSecond > 0 ? audioBytes / bytesPerSecond : undefined };
    }
    at = content + declared + (declared % 2);
  }
  return { channels };
}
