/** What can be stored: bytes at hand, or bytes that arrive. */
export type Content = AsyncIterable<Uint8Array> | Uint8Array;

/**
 * The chunks of some content. When the signal ends it throws the reason at once, also while the source is silent; the
 * source is then told to stop, but not waited for.
 */
export async function* chunksOf(content: Content, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  if (content instanceof Uint8Array) {
    yield content;
    return;
  }
  if (!signal) {
    yield* content;
    return;
  }
  const ended = Promise.withResolvers<never>();
  const end = () => ended.reject(signal.reason);
  ended.promise.catch(() => {}); // Mostly nobody is waiting when it ends.
  signal.addEventListener("abort", end, { once: true });
  const source = content[Symbol.asyncIterator]();
  let finished = false;
  try {
    while (!finished) {
      const next = await Promise.race([source.next(), ended.promise]);
      finished = next.done === true;
      if (!next.done) yield next.value;
      signal.throwIfAborted();
    }
  } finally {
    signal.removeEventListener("abort", end);
    if (!finished) source.return?.().catch(() => {}); // The error that stopped us is the one to tell.
  }
}
