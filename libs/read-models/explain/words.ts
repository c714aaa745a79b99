/** How long, in words: `3 min 12 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return [hours && `${hours} h`, minutes && `${minutes} min`, (rest || whole === 0) && `${rest} s`]
    .filter(Boolean)
    .join(" ");
}

/** Codes as people say them: `no-speech` → `no speech`. */
export const said = (code: string) => code.replace(/[_-]/g, " ");

export const times = (count: number) => (count === 1 ? "once" : `${count} times`);

/** `2026-11-22 10:05:00`, UTC. */
export const moment = (instant: string | Date) => new Date(instant).toISOString().slice(0, 19).replace("T", " ");

/** Enough to recognise a number that one knows, not enough to call it. */
export function phone(e164: string, personal: boolean): string {
  if (personal) return e164;
  return e164.length < 8
    ? "•".repeat(e164.length)
    : `${e164.slice(0, 3)}${"•".repeat(e164.length - 5)}${e164.slice(-2)}`;
}

/** Parts of a sentence that are known. */
export const joined = (parts: readonly (string | false | undefined)[], by = ", ") => parts.filter(Boolean).join(by);
