import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from "libphonenumber-js";

export type Phone = { e164: string } | { invalid: string };

/** What digits without a "+" are: CloudTalk sends international ones, people type national ones. */
type Assume = "international" | "national";

/**
 * A phone number as E.164, from whatever a template or a person made of it: text or a JSON number, with or without "+",
 * "00" or punctuation. Undefined when there is none (empty, "anonymous"); `invalid` keeps what cannot be a number.
 */
export function readPhone(value: unknown, defaultCountry: string | undefined, assume: Assume): Phone | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const raw = String(value).trim();
  // The digits of a fraction or an exponent are no number that anybody has.
  if (typeof value === "number" && !(Number.isSafeInteger(value) && value >= 0)) return { invalid: raw.slice(0, 40) };
  if (raw === "" || /^(anonymous|unknown|withheld|private|restricted|null|undefined)$/i.test(raw)) return undefined;
  const digits = raw.replace(/[^\d+]/g, "").replace(/^00/, "+");
  const country = defaultCountry && isSupportedCountry(defaultCountry) ? defaultCountry : undefined;
  const found = firstOf(digits.startsWith("+") ? [[digits, undefined]] : inOrder(digits, country, assume));
  return found ? { e164: found } : { invalid: raw.slice(0, 40) };
}

type Candidate = [text: string, country: CountryCode | undefined];

function inOrder(digits: string, country: CountryCode | undefined, assume: Assume): Candidate[] {
  const both: Candidate[] = [[`+${digits}`, undefined]];
  if (country) both.push([digits, country]);
  return assume === "international" ? both : both.reverse();
}

/** The first that is valid, else the first that is possible. */
function firstOf(candidates: Candidate[]): string | undefined {
  let possible: string | undefined;
  for (const [text, country] of candidates) {
    const phone = parse(text, country);
    if (phone?.valid) return phone.e164;
    if (phone?.possible) possible ??= phone.e164;
  }
  return possible;
}

type Parsed = { e164: string; valid: boolean; possible: boolean } | undefined;
/** A webhook is asked for the same numbers under several names, and an office has few lines: reading one takes 20 µs. */
const rememberedMax = 1_000;
const remembered = new Map<string, Parsed>();

function parse(text: string, country: CountryCode | undefined): Parsed {
  const name = `${country ?? ""}:${text}`;
  const known = remembered.get(name);
  if (known || remembered.has(name)) return known;
  const phone = parsePhoneNumberFromString(text, country);
  const valid = phone?.isValid() ?? false;
  const parsed = phone && { e164: phone.number as string, valid, possible: valid || phone.isPossible() };
  const oldest = remembered.size >= rememberedMax ? remembered.keys().next().value : undefined;
  if (oldest !== undefined) remembered.delete(oldest);
  remembered.set(name, parsed);
  return parsed;
}
