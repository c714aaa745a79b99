import assert from "node:assert/strict";

/** Long enough for `kind/<64 hex digits>` and a suffix, far below the 255 bytes a file system gives a name. */
const charactersMax = 200;
const segment = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** Seven to fifteen digits standing alone may be a phone number; inside a hash they stand between letters. */
const phoneLike = /(?<![A-Za-z0-9])\d{7,15}(?![A-Za-z0-9])/;

/** Relative, made of plain segments, and nothing that could lead out of the root or show whose object it is. */
export function isRef(text: string): boolean {
  const safe = text.length <= charactersMax && text.split("/").every((part) => segment.test(part));
  return safe && !phoneLike.test(text);
}

export function assertRef(text: string): void {
  assert(isRef(text), "not an object name: segments of letters, digits, dot, dash and underscore, and no bare number");
}
