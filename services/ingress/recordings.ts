import { Readable } from "node:stream";
import { refOf, type Storage } from "@callbridge/storage";
import type { FastifyInstance } from "fastify";

/** One account's recordings, and the key of its links. */
export type Recordings = { storage: Storage; key: Buffer };

/** Recordings begin with their kind; the links carry no more than the object's name and its proof. */
const kinds: [RegExp, string][] = [
  [/^RIFF/, "audio/wav"],
  [/^OggS/, "audio/ogg"],
  [/^.{4}ftyp/s, "audio/mp4"],
  [/^.E\xdf\xa3/s, "audio/webm"],
  [/^(ID3|\xff[\xe0-\xff])/s, "audio/mpeg"],
];

/** `GET /r/<capability>`: the link that stands in the CRM. Range requests let players seek. */
export function serveRecordings(app: FastifyInstance, accounts: readonly Recordings[]): void {
  app.get<{ Params: { capability: string } }>("/r/:capability", async (request, reply) => {
    const { ref, storage } = linked(request.params.capability, accounts) ?? {};
    const size = ref?.startsWith("recording/") ? await storage?.size(ref) : undefined;
    if (ref === undefined || storage === undefined || size === undefined) {
      return reply.code(404).send({ error: "there is no such recording (any more)" });
    }
    const range = rangeOf(request.headers.range, size);
    reply.header("accept-ranges", "bytes").header("cache-control", "private, no-store");
    // Whatever was recorded, a browser must not take it for a page of ours.
    reply.header("x-content-type-options", "nosniff");
    if (range === "unsatisfiable") return reply.code(416).header("content-range", `bytes */${size}`).send();
    const { start, end } = range ?? { start: 0, end: size };
    reply.header("content-type", await kindOf(storage, ref)).header("content-length", end - start);
    if (range) reply.code(206).header("content-range", `bytes ${start}-${end - 1}/${size}`);
    return reply.send(Readable.from(storage.read(ref, { start, end })));
  });
}

/** A link opens with the key of the account that wrote it, and shows what this account stored. */
function linked(capability: string, accounts: readonly Recordings[]): { ref: string; storage: Storage } | undefined {
  for (const { key, storage } of accounts) {
    const ref = refOf(capability, key);
    if (ref !== undefined) return { ref, storage };
  }
  return undefined;
}

async function kindOf(storage: Storage, ref: string): Promise<string> {
  let head = "";
  for await (const part of storage.read(ref, { start: 0, end: 12 })) head += part.toString("latin1");
  return kinds.find(([pattern]) => pattern.test(head))?.[1] ?? "application/octet-stream";
}

/** One range, as players send it; `end` is not included. A list of ranges is answered with the whole. */
export function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const last = match[1] === "";
  const start = last ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = last || match[2] === "" ? size : Math.min(size, Number(match[2]) + 1);
  return start < end ? { start, end } : "unsatisfiable";
}
