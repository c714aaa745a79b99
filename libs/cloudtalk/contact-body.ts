/** The short texts of a contact. An empty one empties the field. */
type ShortTexts = {
  title?: string | undefined;
  company?: string | undefined;
  industry?: string | undefined;
  website?: string | undefined;
  address?: string | undefined;
  city?: string | undefined;
  zip?: string | undefined;
  state?: string | undefined;
};

export type AttributeValue = { attributeId: string; value: string };

type ContactFields = ShortTexts & {
  /** CloudTalk's own number of a country, from `countries/index`. */
  countryId?: string | undefined;
  /** Ids from `contactAttributes`. */
  attributes?: readonly AttributeValue[] | undefined;
};

export type NewContact = ContactFields & {
  /** Cut at 150 characters, CloudTalk's limit. */
  name: string;
  /** E.164. */
  phones: readonly string[];
  emails: readonly string[];
  /** The contact's page in the CRM; its name is cut at 30 characters. */
  externalUrl?: { name: string; url: string } | undefined;
  tags?: readonly string[] | undefined;
};

/** What an edit may set. Each list is the whole set: members that it lacks are removed, an empty one removes all. */
export type ContactEdit = ContactFields & {
  /** Cut at 150 characters. */
  name?: string | undefined;
  /** E.164. */
  phones?: readonly string[] | undefined;
  emails?: readonly string[] | undefined;
  /** At most 3. */
  externalUrls?: readonly { name: string | undefined; url: string }[] | undefined;
};

/** CloudTalk refuses longer ones with 406 (facts/cloudtalk.md §1.6), so they are cut. */
export const charactersMax = [
  ["name", 150],
  ["title", 255],
  ["company", 100],
  ["industry", 100],
  ["website", 100],
  ["address", 255],
  ["city", 255],
  ["zip", 15],
  ["state", 255],
] as const;
export const attributeCharactersMax = 255;
const urlNameCharactersMax = 30;
const urlsMax = 3;

export const cut = (text: string, characters: number) => text.slice(0, characters).toWellFormed();
/** Ids are text inside and integers where the document says so. */
const integer = (id: string) => (/^\d+$/.test(id) ? Number(id) : id);
/** Numbers are text with "+": as integers they are refused as invalid (406). */
const numbers = (phones: readonly string[]) => phones.map((phone) => ({ public_number: phone }));
const addresses = (emails: readonly string[]) => emails.map((email) => ({ email }));
const urls = (list: readonly { name: string | undefined; url: string }[]) =>
  list.slice(0, urlsMax).map(({ name, url }) => ({ name: cut(name ?? "", urlNameCharactersMax), url }));
const values = (attributes: readonly AttributeValue[]) =>
  attributes.map(({ attributeId, value }) => ({
    attribute_id: integer(attributeId),
    value: cut(value, attributeCharactersMax),
  }));
/** An empty text is how a whole set is emptied (facts/cloudtalk.md §0 item 8). */
const set = <T>(members: T[] | undefined) => (members?.length === 0 ? "" : members);

function scalars(fields: ShortTexts & { name?: string | undefined; countryId?: string | undefined }) {
  const texts = charactersMax.flatMap(([field, characters]) => {
    const text = fields[field];
    return text === undefined ? [] : [[field, cut(text, characters)]];
  });
  const country = fields.countryId === undefined ? {} : { country_id: integer(fields.countryId) };
  return { ...Object.fromEntries(texts), ...country };
}

/** Body of `contacts/add`, from an allow-list. */
export function newContactBody(contact: NewContact) {
  const { phones, emails, externalUrl, tags, attributes } = contact;
  return {
    ...scalars(contact),
    ContactNumber: numbers(phones),
    ContactEmail: addresses(emails),
    ...(externalUrl && { ExternalUrl: urls([externalUrl]) }),
    ...(tags && { ContactsTag: tags.map((name) => ({ name })) }),
    ...(attributes && { ContactAttribute: values(attributes) }),
  };
}

/** Body of `contacts/edit`, from an allow-list. Tags are not on it: they have operations of their own. */
export function editContactBody(edit: ContactEdit) {
  const { phones, emails, externalUrls, attributes } = edit;
  return {
    ...scalars(edit),
    ContactNumber: set(phones && numbers(phones)),
    ContactEmail: set(emails && addresses(emails)),
    ExternalUrl: set(externalUrls && urls(externalUrls)),
    ContactAttribute: set(attributes && values(attributes)),
  };
}
