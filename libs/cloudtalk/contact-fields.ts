import type { AttributeDefinition, Contact } from "./contact.ts";
import { attributeCharactersMax, type ContactEdit, charactersMax, cut } from "./contact-body.ts";

/** A field of a contact by one name: `name`, `city`, …, or `attribute:` with an attribute's title. */
type FieldName = string;
const attributePrefix = "attribute:";

/** The text that a contact has in a field; empty when it has none. */
export function readCloudTalkField(contact: Contact, field: FieldName): string {
  const plain = charactersMax.find(([name]) => name === field)?.[0];
  if (plain) return contact[plain] ?? "";
  const title = titleIn(field);
  return contact.attributes.find((attribute) => attribute.title?.toLowerCase() === title)?.value ?? "";
}

/** What CloudTalk keeps of a text in a field: it is cut at the field's limit and loses its outer blanks. */
export function keptByCloudTalk(field: FieldName, text: string): string {
  const max = charactersMax.find(([name]) => name === field)?.[1] ?? attributeCharactersMax;
  return cut(text.replace(/\s+/g, " ").trim(), max).trim();
}

/**
 * The edit that gives these fields of a contact these texts. Attributes are one set, so all that the contact has go along
 * (facts/cloudtalk.md §0 item 8). An attribute that does not exist is left out: look for it before.
 */
export function cloudtalkFieldEdit(
  contact: Contact,
  texts: Readonly<Record<FieldName, string>>,
  definitions: readonly AttributeDefinition[],
): ContactEdit {
  const plain = charactersMax.flatMap(([name]) => (name in texts ? [[name, texts[name]]] : []));
  const attributes = new Map(
    contact.attributes.flatMap(({ attributeId, value }) => (value ? [[attributeId, value]] : [])),
  );
  const changed = Object.entries(texts).flatMap(([field, value]) => {
    const attribute = cloudtalkAttribute(field, definitions);
    return attribute ? [[attribute.id, value] as const] : [];
  });
  for (const [id, value] of changed) attributes.set(id, value);
  return {
    ...Object.fromEntries(plain),
    ...(changed.length > 0 && {
      attributes: [...attributes].map(([attributeId, value]) => ({ attributeId, value })),
    }),
  };
}

/** An attribute by `attribute:` and its title, in any casing. */
export function cloudtalkAttribute(
  field: FieldName,
  definitions: readonly AttributeDefinition[],
): AttributeDefinition | undefined {
  const wanted = titleIn(field);
  return definitions.find(({ title }) => title.toLowerCase() === wanted);
}

function titleIn(field: FieldName): string | undefined {
  return field.startsWith(attributePrefix) ? field.slice(attributePrefix.length).trim().toLowerCase() : undefined;
}
