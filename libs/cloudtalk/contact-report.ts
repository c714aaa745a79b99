import {
  type CloudTalkContactId,
  catalogue,
  type EventPersonal,
  type NormaliserContext,
  stream,
} from "@callbridge/events";
import { type Fields, readPhone } from "@callbridge/vendor";
import { contactPhoneAliases, phoneOf } from "./call-report.ts";
import { cleanText, known, readId } from "./text.ts";

/** What a body says about a contact: hints to look, never the truth itself. */
export type ContactReport = {
  cloudtalkContactId: CloudTalkContactId | undefined;
  personal: EventPersonal<"contact.reported">;
  /** Undefined when the body names nobody. */
  stream: string | undefined;
  /** Something in the body belongs to a contact's change and to nothing else. */
  isChange: boolean;
};

const phoneAliases = [
  ...[...contactPhoneAliases, "contactnumber", "phone", "phonenumber", "number", "publicnumber"],
  ...["externalnumber.numbere164", "externalnumber", "externalphone"],
];
/** More than anybody has; keeps a made-up list within the size of an event. */
const listMax = 20;

/** `bareId`: a plain `id` is the contact's (a contact's own event), not the tag's or the note's. */
export function readContact(
  fields: Fields,
  bareId: boolean,
  numbers: readonly string[],
  context: NormaliserContext,
): ContactReport {
  const country = context.defaultCountry;
  const listed = (...aliases: string[]) => aliases.flatMap((alias) => fields.list(alias) ?? []);
  const first = phoneOf(fields, phoneAliases, country);
  const phones = [
    first,
    ...listed("phones", "contactnumbers", "numbers").map((text) => readPhone(text, country, "international")),
  ]
    .map((phone) => (phone && "e164" in phone ? phone.e164 : undefined))
    .filter((phone) => phone !== undefined);
  const emails = [...listed("email", "contactemail", "contact.email"), ...listed("emails", "contactemails")]
    .map((text) => cleanText(text)?.toLowerCase())
    .filter((email) => email?.includes("@"))
    .filter((email) => email !== undefined);
  const ids = ["contactid", "contact.id", "contacts.0.id", "cloudtalkcontactid", ...(bareId ? ["id"] : [])];
  const id = readId(fields.id(...ids), [...numbers, ...phones]);
  const changed = readChanged(fields);
  const personal = known({
    name: cleanText(fields.text("contactname", "contact.name", "contacts.0.name", "fullname", "name")),
    firstName: cleanText(fields.text("contactfirstname", "contact.firstname", "firstname")),
    lastName: cleanText(fields.text("contactlastname", "contact.lastname", "lastname")),
    phones: phones.length > 0 ? [...new Set(phones)].slice(0, listMax) : undefined,
    emails: emails.length > 0 ? [...new Set(emails)].slice(0, listMax) : undefined,
    changed,
  });
  const [phone] = phones;
  return {
    cloudtalkContactId: catalogue["contact.reported"].data.shape.cloudtalkContactId.parse(id),
    personal,
    // Asked for by few, and the hash takes as long as half of the rest.
    get stream() {
      return id ? stream.cloudtalkContact(id) : phone ? stream.contactByPhone(context.hash(phone)) : undefined;
    },
    isChange: changed !== undefined || emails.length > 0 || fields.has("changetype"),
  };
}

/** Names only beyond this, so that an event stays within its limit; the values are read from the vendor anyway. */
const changedCharactersMax = 10_000;
const changedFieldsMax = 100;

/** `updated_fields` as an object, a list of names, a list of {name, value}, or comma-separated text. */
function readChanged(fields: Fields): Record<string, unknown> | undefined {
  const aliases = ["updatedfields", "changedfields", "changes", "customfields", "customattributes"];
  const entries = aliases
    .flatMap((alias) => namesAndValues(fields.raw(alias)))
    .flatMap(([name, value]) => (name === "__proto__" ? [] : [[cleanText(name) ?? "", bounded(value, 0)] as const]))
    .filter(([name]) => name !== "")
    .slice(0, changedFieldsMax);
  if (entries.length === 0) return undefined;
  const changed: Record<string, unknown> = Object.fromEntries(entries);
  if (JSON.stringify(changed).length <= changedCharactersMax) return changed;
  return Object.fromEntries(entries.map(([name]) => [name.slice(0, 50), null]));
}

function namesAndValues(value: unknown): [string, unknown][] {
  if (typeof value === "string") return value.split(",").map((name) => [name, null]);
  if (Array.isArray(value)) return value.flatMap(nameAndValue);
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function nameAndValue(item: unknown): [string, unknown][] {
  if (typeof item === "string") return [[item, null]];
  if (typeof item !== "object" || item === null) return [];
  const entries = new Map<string, unknown>(Object.entries(item));
  const name = ["name", "title", "key", "field"]
    .map((key) => entries.get(key))
    .find((part) => typeof part === "string");
  return typeof name === "string" ? [[name, entries.get("value") ?? null]] : [];
}

const depthMax = 3;

/** The value with clean texts, cut off where no honest change is nested. */
function bounded(value: unknown, depth: number): unknown {
  if (typeof value === "string") return cleanText(value) ?? "";
  if (typeof value !== "object" || value === null) return value;
  if (depth >= depthMax) return null;
  if (Array.isArray(value)) return value.map((item) => bounded(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => (key === "__proto__" ? [] : [[key, bounded(part, depth + 1)]])),
  );
}
