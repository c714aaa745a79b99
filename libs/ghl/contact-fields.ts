import type { GhlContact } from "./contact.ts";
import type { GhlContactUpdate } from "./contacts.ts";
import type { GhlCustomField } from "./location.ts";

/** A field of a contact by one name: `name`, `city`, …, or `custom:` with a custom field's key or name. */
type FieldName = string;
const plainFields = ["companyName", "address1", "city", "state", "postalCode", "country", "website"] as const;
const customPrefix = "custom:";

/** The text that a contact has in a field; empty when it has none, or when there is no such custom field. */
export function readGhlField(contact: GhlContact, field: FieldName, definitions: readonly GhlCustomField[]): string {
  if (field === "name") {
    const parts = [contact.firstName, contact.lastName].filter(Boolean).join(" ");
    return parts || (contact.name ?? "");
  }
  const plain = plainFields.find((name) => name === field);
  if (plain) return contact[plain] ?? "";
  const definition = ghlCustomField(field, definitions);
  const value = contact.customFields.find(({ id }) => id === definition?.id)?.value;
  return Array.isArray(value) ? value.join(", ") : value === undefined || value === null ? "" : String(value);
}

/** The update that gives these fields these texts. A custom field that does not exist is left out: look for it before. */
export function ghlFieldUpdate(
  texts: Readonly<Record<FieldName, string>>,
  definitions: readonly GhlCustomField[],
): GhlContactUpdate {
  const entries = Object.entries(texts);
  const customFields = entries.flatMap(([field, value]) => {
    const definition = ghlCustomField(field, definitions);
    return definition ? [{ id: definition.id, value }] : [];
  });
  const plain = plainFields.flatMap((name) => (name in texts && name !== "companyName" ? [[name, texts[name]]] : []));
  return {
    ...(texts.name !== undefined && splitName(texts.name)),
    ...Object.fromEntries(plain),
    ...(customFields.length > 0 && { customFields }),
  };
}

/** A custom field by `custom:` and its key, with or without `contact.`, or its name in any casing. */
export function ghlCustomField(field: FieldName, definitions: readonly GhlCustomField[]): GhlCustomField | undefined {
  if (!field.startsWith(customPrefix)) return undefined;
  const wanted = field.slice(customPrefix.length).trim().toLowerCase();
  return definitions.find(({ fieldKey, name }) => {
    const key = fieldKey.toLowerCase();
    return key === wanted || key === `contact.${wanted}` || name.toLowerCase() === wanted;
  });
}

/** Joined with a blank the two parts are the name again. */
function splitName(name: string): { firstName: string; lastName: string } {
  const [firstName = "", ...rest] = name.trim().split(/\s+/);
  return { firstName, lastName: rest.join(" ") };
}
