const hidden = "•••";
const phone = /^\+?[\d(][\d\s().-]{5,}\d$/;

/**
 * Personal data as it may be shown without being asked for: the names of the fields stay, of phone numbers the last two
 * digits (enough to tell two people of one call apart), of everything else nothing.
 */
export function mask(value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (Array.isArray(value)) return value.map(mask);
  if (typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, mask(part)]));
  return typeof value === "string" && phone.test(value) ? `${hidden}${value.slice(-2)}` : hidden;
}
