/** The bytes came too slowly, or not at all for too long. */
export class TooSlow extends Error {
  override readonly name = "TooSlow";
}

/**
 * A body that cannot hold us up: throws `TooSlow` after `idleMs` of silence or `totalMs` in all, the signal's reason when it
 * ends, and an error when fewer bytes came than were declared. The source is told to stop, but not waited for: whoever
 * opened it ends it with the signal that he opened it with.
 */
export async function* bounded(
  body: AsyncIterable<Uint8Array>,
  { idleMs, totalMs, declared, signal }: { idleMs: number; totalMs: number; declared?: number; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const endsAtMs = performance.now() + totalMs;
  const source = body[Symbol.asyncIterator]();
  let bytes = 0;
  let finished = false;
  try {
    while (!finished) {
      const waitMs = Math.min(idleMs, endsAtMs - performance.now());
      const next = await within(source.next(), waitMs, () => new TooSlow("the recording came too slowly"), signal);
      finished = next.done === true;
      if (next.done) break;
      bytes += next.value.length;
      yield next.value;
    }
  } finally {
    if (!finished) source.return?.().catch(() => {}); // The error that stopped us is the one to tell.
  }
  // More than declared is harmless: an answer that was compressed on its way declares the compressed length.
  if (declared !== undefined && bytes < declared) throw new Error("the recording ended before its declared length");
}

/** The first bytes, at least `bytes` unless it is shorter, and the whole body with them. */
export async function peek(body: AsyncGenerator<Uint8Array>, bytes: number) {
  const parts: Uint8Array[] = [];
  for (let length = 0; length < bytes; ) {
    const next = await body.next();
    if (next.done) break;
    parts.push(next.value);
    length += next.value.length;
  }
  const head = Buffer.concat(parts);
  return { head, whole: joined(head, body) };
}

async function* joined(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* rest;
}

/** The result of `work`, unless `ms` pass or the signal ends before. The work itself goes on; nobody listens to it. */
export async function within<T>(work: Promise<T>, ms: number, late: () => Error, signal: AbortSignal): Promise<T> {
  const ended = Promise.withResolvers<never>();
  const timer = setTimeout(() => ended.reject(late()), Math.max(ms, 0));
  const end = () => ended.reject(signal.reason);
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([work, ended.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}
